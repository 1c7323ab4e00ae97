// A VM on nested paging pays for the Shadow MMU's rmaps when that loads its first root.
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class LazyRmapTests
{
    [Fact]
    public void RmapsAreMadeWithTheFirstShadowRoot()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        _ = scene.Vm.Age(new Gpa(0), TdpScene.MiB2);
        scene.Vm.WriteProtect(new Gpa(0), TdpScene.MiB2);
        scene.Vm.TrackWrites(new Gpa(0x1000));
        scene.Vm.UntrackWrites(new Gpa(0x1000));
        scene.Vm.ZapRange(new Gpa(0), TdpScene.MiB2);
        scene.Vm.UnmapRange(new Gpa(0), TdpScene.MiB2);
        scene.Audit();
        Assert.False(scene.Vm.EngineSet.Shadow.Mmu.State.Rmaps.IsInUse);

        using (MmuVcpu shadowed = scene.Vm.CreateVcpu(onTdp: false))
        {
            Assert.Equal(RootStatus.Loaded, shadowed.BeginRun(out _));
            shadowed.EndRun();
            Assert.True(scene.Vm.EngineSet.Shadow.Mmu.State.Rmaps.IsInUse);
            Assert.NotEqual(0UL, scene.Vm.EngineSet.Shadow.Mmu.State.Rmaps.Bytes);
        }

        // Slots that come later have them at once.
        scene.AddSlot(TdpScene.GiB, TdpScene.MiB2);
        scene.Vm.ZapRange(new Gpa(TdpScene.GiB), TdpScene.MiB2);
        scene.Vm.RemoveSlot(new Gpa(TdpScene.GiB));
    }
}
