// A vCPU that is in guest, on a thread of its own, so that flushes reach the host.
using System;
using Mmu.Common;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Judge;

internal sealed class GuestStay : IDisposable
{
    private readonly HostThread _thread = new();
    private readonly MmuVcpu _vcpu;

    internal GuestStay(MmuVcpu vcpu)
    {
        _vcpu = vcpu;
        _thread.Run(() => Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out _)));
    }

    public void Dispose()
    {
        _thread.Run(_vcpu.EndRun);
        _thread.Dispose();
    }
}
