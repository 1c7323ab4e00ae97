// TDP judge: a VMM without processors: there is no TLB to empty and no vCPU to reach.
using System;
using Mmu.Common;

namespace Mmu.Tests.Tdp;

internal sealed class QuietHost : IMmuHost
{
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range) => true;

    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }
}
