// KVM conformance, nested paging: the host's page tables as the log shows them.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Vm;

namespace Mmu.Tests.Tdp.Kvm;

/// <summary>
/// Answers from the host frames that KVM found. Memory is in pages of 2 MiB until the VMM drops a part of one; a page that was dropped is the zero
/// page until it is written.
/// </summary>
internal sealed class NptHost : IMmuHost
{
    internal const ulong FirstDropped = 0x440;
    internal const ulong EndDropped = 0x450;
    private const ulong BlockPages = 512;
    private const int HugeOrder = 9;

    private readonly Dictionary<ulong, ulong> _blocks = [];
    private readonly Dictionary<ulong, Queue<ulong>> _dropped = [];
    private readonly HashSet<ulong> _splitBlocks = [];
    private bool _hasDropped;

    /// <summary>Reads the host frames out of a log.</summary>
    internal NptHost(List<NptStep> steps)
    {
        foreach ((ulong gfn, ulong pfn, int level) in steps.Where(step => step.Requested is not null).Select(step => step.Requested!.Value))
        {
            if (level == 1 && gfn is >= FirstDropped and < EndDropped)
            {
                _dropped.TryAdd(gfn, []);
                _dropped[gfn].Enqueue(pfn);
            }
            else
            {
                _blocks[gfn / BlockPages] = pfn - (gfn % BlockPages);
            }
        }
    }

    internal MmuVm? Vm { get; set; }

    internal GpaCpu? Cpu { get; set; }

    /// <summary>Runs what a second thread does, while the thread that faults waits.</summary>
    internal Action<Action>? OnAnotherThread { get; set; }

    /// <summary>The VMM gives pages back, and the host splits the huge page that held them.</summary>
    internal void Drop()
    {
        _hasDropped = true;
        _ = _splitBlocks.Add(FirstDropped / BlockPages);
    }

    /// <summary>The host gathers small pages in a huge one.</summary>
    internal void Gather(ulong block, ulong frame)
    {
        _blocks[block] = frame;
        _ = _splitBlocks.Remove(block);
        _hasDropped = false;
    }

    /// <inheritdoc/>
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        Cpu!.Flush(range);
        return true;
    }

    /// <inheritdoc/>
    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }

    /// <inheritdoc/>
    public ResolvedFrame Resolve(Gfn gfn, bool write)
    {
        if (!_hasDropped || !_dropped.TryGetValue(gfn.Value, out Queue<ulong>? frames))
        {
            ulong block = gfn.Value / BlockPages;
            return new ResolvedFrame(ResolvedKind.Present, new Pfn(_blocks[block] + (gfn.Value % BlockPages)), 0)
            {
                Order = _splitBlocks.Contains(block) ? 0 : HugeOrder,
            };
        }

        if (write && frames.Count > 1)
        {
            // The host copies the page, and tells whoever has mapped the old one, before it answers.
            _ = frames.Dequeue();
            OnAnotherThread!(() => Vm!.UnmapRange(new Gpa(gfn.Value << 12), 4096));
        }

        return new ResolvedFrame(frames.Count > 1 ? ResolvedKind.ReadOnly : ResolvedKind.Present, new Pfn(frames.Peek()), 0);
    }
}
