// TDP judge: the VMM's side of the contract: empties the model's TLBs, and tells where guest frames are.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;

namespace Mmu.Tests.Tdp;

internal sealed class GpaHost(GpaWorld world) : IMmuHost
{
    private ulong _token;

    internal List<GpaVcpu> Vcpus { get; } = [];

    /// <summary>What else happens while the host looks for a frame; for races.</summary>
    internal Action<Gfn, bool>? WhileResolving { get; set; }

    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
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
        // Before it happens: what is told may be old by the time it is used.
        ResolvedFrame answer = Answer(gfn);
        WhileResolving?.Invoke(gfn, write);
        return answer;
    }

    private ResolvedFrame Answer(Gfn gfn)
    {
        if (world.Find(0, gfn.Value) is not { } slot)
        {
            return new ResolvedFrame(ResolvedKind.Mmio, default, 0);
        }

        ResolvedKind kind = slot.AnswerOf(gfn.Value);
        return kind is ResolvedKind.Present or ResolvedKind.ReadOnly
            ? new ResolvedFrame(kind, new Pfn(slot.FrameOf(gfn.Value)), 0) { Order = slot.OrderOf(gfn.Value) }
            : new ResolvedFrame(kind, default, kind == ResolvedKind.NotYet ? ++_token : 0);
    }
}
