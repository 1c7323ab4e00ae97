// Shadow judge: a VMM whose vCPUs run on threads of their own: it reaches another vCPU's TLB only by making it leave the guest.
using System;
using System.Threading;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Shadow;

internal sealed class ThreadedHost(ThreadedVcpu[] vcpus, ulong demandFrame, HostRange demand) : IMmuHost
{
    public bool Flush(ReadOnlySpan<int> ids, FlushRange range)
    {
        if (ids.Length != 1 || vcpus[ids[0]].Thread != Environment.CurrentManagedThreadId)
        {
            return false;
        }

        vcpus[ids[0]].Cpu.Flush(range);
        return true;
    }

    public void Kick(ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            Volatile.Write(ref vcpus[id].Kicked, value: true);
        }
    }

    public ResolvedFrame Resolve(Gfn gfn, bool write) =>
        new(ResolvedKind.Present, new Pfn(demand.FrameOf((int)(gfn.Value - demandFrame))), 0);
}
