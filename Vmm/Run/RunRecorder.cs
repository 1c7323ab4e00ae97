// Vmm.Run: records a run on shadow tables as an MMU trace, as the monitor sees it.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vmm.Images;
using Mmu.Vmm.Traces;
using Mmu.Walk;

namespace Mmu.Vmm.Run;

/// <summary>
/// To the guest the shadow tables are its CPU's TLB: an access that they serve has no record, one that faults is an access that missed. So
/// every processor can be recorded. Stores to the guest's tables that no fault announced are found by comparing, before the next walk, and
/// recorded as stores by other means.
/// </summary>
internal sealed class RunRecorder : IDisposable
{
    private const ulong PageMask = 0xFFF;

    private readonly ShadowMachine _machine;
    private readonly HostMemory _memory;
    private readonly TraceRecorder _recorder;

    // What the trace says that table pages hold.
    private readonly Dictionary<ulong, byte[]> _pages = [];

    /// <summary>Starts a recording.</summary>
    /// <param name="path">The file.</param>
    /// <param name="machine">The machine, before its guest starts.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="features">The guest's CPU.</param>
    /// <param name="metadata">What was run, as JSON.</param>
    /// <exception cref="InputException">The file cannot be created.</exception>
    internal RunRecorder(string path, ShadowMachine machine, HostMemory memory, CpuFeatures features, string metadata)
    {
        _machine = machine;
        _memory = memory;
        var header = new TraceHeader(
            features.PhysicalAddressBits, TraceHeader.FeaturesOf(features), HostLayout.GuestMemory + GuestBytes, metadata);
        _recorder = new TraceRecorder(TraceRecorder.CreateFile(path), header, PageAt);
        _recorder.Start();
    }

    private ulong GuestBytes => (_memory.Bytes - HostLayout.GuestMemory) / 2;

    private GuestWalker Walker => _machine.Vcpu.Walker;

    /// <summary>Control state came into force.</summary>
    /// <param name="flushes">Whether it dropped all translations that are not global.</param>
    internal void Control(bool flushes)
    {
        ControlState state = Walker.ControlState;
        Compare();
        Name(state.Cr3);
        Add(new TraceRecord { Kind = RecordKind.Control, Control = state });
        if (flushes)
        {
            Add(new TraceRecord { Kind = RecordKind.Flush });
        }
    }

    /// <summary>An INVLPG.</summary>
    internal void Invalidate(ulong gva)
    {
        Compare();
        Add(new TraceRecord { Kind = RecordKind.InvalidatePage, Gva = gva });
    }

    /// <summary>An access of the guest is about to walk its tables.</summary>
    internal void Access(ulong gva, Access access)
    {
        Compare();
        foreach (WalkStep step in Walker.Explain(new Gva(gva), access).Steps)
        {
            Name(step.EntryAddress);
        }

        bool translated = Walker.Peek(new Gva(gva), access, out WalkResult walk);
        if (!translated && walk.Outcome != WalkOutcome.PageFault)
        {
            return;
        }

        Add(new TraceRecord
        {
            Kind = RecordKind.Access,
            Selector = (byte)((uint)access.Kind | (uint)access.Flags | (translated ? 0u : TraceRecord.Faulted)),
            Gva = gva,
            Gpa = walk.Gpa.Value,
            PageShift = (byte)walk.PageShift,
            ErrorCode = (uint)walk.ErrorCode,
        });
    }

    /// <summary>The walks of the last access are done: marks that they set need no record of their own.</summary>
    internal void Accessed()
    {
        foreach ((ulong gpa, byte[] known) in _pages)
        {
            PageAt(gpa).CopyTo(known);
        }
    }

    /// <summary>A store of the guest that was emulated.</summary>
    internal void Stored(ulong gva, ulong gpa, ReadOnlySpan<byte> bytes)
    {
        if (!_pages.TryGetValue(gpa & ~PageMask, out byte[]? known) || bytes.Length is not (1 or 2 or 4 or 8))
        {
            return;
        }

        bytes.CopyTo(known.AsSpan((int)(gpa & PageMask)));
        Span<byte> value = stackalloc byte[8];
        value.Clear();
        bytes.CopyTo(value);
        Add(new TraceRecord
        {
            Kind = RecordKind.Store,
            Selector = (byte)bytes.Length,
            Gva = gva,
            Gpa = gpa,
            Value = BinaryPrimitives.ReadUInt64LittleEndian(value),
        });
    }

    /// <summary>Ends the recording: the trace is complete.</summary>
    internal void Finish()
    {
        Compare();
        _recorder.Finish();
    }

    /// <inheritdoc/>
    public void Dispose() => _recorder.Dispose();

    // Pages outside guest memory are read as zeros, and are no tables that can change.
    private void Name(ulong address)
    {
        ulong gpa = address & ~PageMask;
        if (gpa - HostLayout.GuestMemory < GuestBytes && !_pages.ContainsKey(gpa))
        {
            byte[] page = PageAt(gpa).ToArray();
            _pages.Add(gpa, page);
            Add(new TraceRecord { Kind = RecordKind.Page, Gpa = gpa, Page = page });
        }
    }

    private void Compare()
    {
        foreach ((ulong gpa, byte[] known) in _pages)
        {
            ReadOnlySpan<byte> now = PageAt(gpa);
            for (int at = 0; (at += now[at..].CommonPrefixLength(known.AsSpan(at)) & ~7) < now.Length; at += 8)
            {
                now.Slice(at, 8).CopyTo(known.AsSpan(at));
                Add(new TraceRecord
                {
                    Kind = RecordKind.HostStore,
                    Selector = 8,
                    Gpa = gpa + (ulong)at,
                    Value = BinaryPrimitives.ReadUInt64LittleEndian(now[at..]),
                });
            }
        }
    }

    private ReadOnlySpan<byte> PageAt(ulong gpa) =>
        _memory.At(gpa - HostLayout.GuestMemory + HostLayout.ShadowedMemory(GuestBytes), TraceRecord.PageBytes);

    private void Add(in TraceRecord record) => _recorder.Add(record);
}
