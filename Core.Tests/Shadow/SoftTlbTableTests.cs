// Tests of the software TLB beside shadow tables.
using Mmu.Architecture;
using Mmu.Tests.Vm;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Shadow;

public sealed class SoftTlbTableTests
{
    [Fact]
    public void StoresToAShadowedTableAreAnnounced()
    {
        using SoftTlbScene scene = new();
        scene.Map(SoftTlbScene.Page, SoftTlbScene.OtherRoot);
        scene.Enter();
        scene.Fill(SoftTlbScene.Page, Access.UserWrite);
        scene.Outside(() =>
        {
            using MmuVcpu other = scene.Vm.CreateVcpu();
            Assert.Equal(ControlStateStatus.Legal, other.SetControlState(scene.State with { Cr3 = SoftTlbScene.OtherRoot }));
            TestVm.Load(other);
        });
        Assert.False(scene.Hits(SoftTlbScene.Page, Access.UserWrite));
        Assert.Equal(SoftTlbOutcome.Announce, scene.Resolve(SoftTlbScene.Page, Access.UserWrite));
        scene.Vcpu.EndRun();
    }
}
