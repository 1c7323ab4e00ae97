// Shadow judge: the VMM's side of the contract: empties the model's TLBs, and moves guest frames about.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;

namespace Mmu.Tests.Shadow;

internal sealed class ModelHost(GuestWorld world) : IMmuHost
{
    private ulong _token;

    internal List<ModelVcpu> Vcpus { get; } = [];

    internal int Flushes { get; private set; }

    /// <summary>So many frames that are asked for are not there yet the first time.</summary>
    internal int NotYet { get; set; }

    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        Flushes++;
        foreach (int vcpu in vcpus)
        {
            Vcpus[vcpu].Cpu.Flush(range);
        }

        return true;
    }

    public void Kick(ReadOnlySpan<int> vcpus)
    {
        foreach (int vcpu in vcpus)
        {
            Vcpus[vcpu].IsKicked = true;
        }
    }

    public ResolvedFrame Resolve(Gfn gfn, bool write)
    {
        if (NotYet > 0)
        {
            NotYet--;
            return new ResolvedFrame(ResolvedKind.NotYet, default, ++_token);
        }

        return world.Find(0, gfn.Value << 12) is { } slot
            ? new ResolvedFrame(ResolvedKind.Present, new Pfn(slot.Range.FrameOf(slot.PageOf(gfn.Value << 12))), 0)
            : new ResolvedFrame(ResolvedKind.Mmio, default, 0);
    }
}
