// Bug 13 (CVE-2022-45869): which lock to take and how to map followed from two looks at a root that was swapped in between. The rule: one decision, and a
// root that is no more in force when the lock is held means that the access is tried again.
using System;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Tdp.Races;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Tdp.Bugs;

public sealed class Bug13Tests
{
    // While the host looks for the frame, all tables are invalidated.
    [Fact]
    public void Bug13AFaultWhoseRootWasInvalidatedIsTriedAgain()
    {
        using RaceScene scene = new();
        scene.WhileResolving(scene.Vm.ZapAll);
        ulong stores = scene.Statistics.SpteStores;
        Assert.Equal(FaultOutcome.Retry, scene.Fault(0, RaceScene.Demand, GpaAccess.Read));
        Assert.Equal(stores, scene.Statistics.SpteStores);
        scene.Access(0, RaceScene.Demand, GpaAccess.Read);
        scene.AssertSound();
    }

    // Another vCPU has entered meanwhile and made the root that comes after: still not this vCPU's.
    [Fact]
    public void Bug13AFaultWhoseRootWasReplacedIsTriedAgain()
    {
        using RaceScene scene = new();
        scene.WhileResolving(() =>
        {
            scene.Vm.ZapAll();
            scene.Access(1, RaceScene.Small, GpaAccess.Write);
            while (scene.Vm.ReclaimObsolete())
            {
            }
        });
        ulong pages = 1;
        Assert.Equal(FaultOutcome.Retry, scene.Fault(0, RaceScene.Demand, GpaAccess.Read));
        Assert.Equal(pages, scene.Statistics.Pages4K);
        scene.Access(0, RaceScene.Demand, GpaAccess.Read);
        scene.AssertSound();
    }

    // One VM, both engines: each vCPU's faults go to its own, whatever the other's roots are.
    [Fact]
    public void Bug13AFaultIsAnsweredByTheEngineThatItsVcpuRunsOn()
    {
        using MmuVm vm = MmuVm.Create(new MmuVmOptions { MaxVcpus = 2, Tdp = new TdpOptions() }, new QuietHost());
        using MmuVcpu shadowed = vm.CreateVcpu(onTdp: false);
        using MmuVcpu nested = vm.CreateVcpu();
        ViolationRequest request = new(default, Access.SupervisorRead, ViolationFlags.None);
        Assert.Throws<InvalidOperationException>(() => shadowed.HandleViolation(request, out _));
        Assert.Equal(RootStatus.Loaded, nested.BeginRun(out RunState run));
        Assert.Equal(RootKind.Nested, run.Kind);
        nested.EndRun();
        Assert.Equal(FaultOutcome.Mmio, nested.HandleViolation(request, out _));
    }
}
