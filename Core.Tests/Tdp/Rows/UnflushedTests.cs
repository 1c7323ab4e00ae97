// Changes whose flush the host fails to do, on nested paging.
using System;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Judge;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class UnflushedTests
{
    [Fact]
    public void AnUnmappingThatTheHostDoesNotFlushIsOverAllTheSame()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        scene.AddSlot(0, TdpScene.MiB2, SlotFlags.Resolved);
        scene.Host.OnResolve = (gfn, _) => new ResolvedFrame(ResolvedKind.Present, new(TdpScene.FirstFrame + gfn.Value), 0);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        using (GuestStay stay = new(scene.Vcpus[0]))
        {
            scene.Host.OnFlush = (_, _) => throw new InvalidOperationException("no flush");
            Assert.Throws<InvalidOperationException>(() => scene.Vm.UnmapRange(new(0x3000), TdpScene.Page));
            scene.Host.OnFlush = null;
        }

        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ASlotThatCouldNotLeaveStays(bool move)
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        using (GuestStay stay = new(scene.Vcpus[0]))
        {
            scene.Host.OnFlush = (_, _) => throw new InvalidOperationException("no flush");
            Assert.Throws<InvalidOperationException>(() => Leave());
            scene.Host.OnFlush = null;
        }

        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        Leave();
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0x3000));
        scene.Audit();

        void Leave()
        {
            if (move)
            {
                scene.Vm.MoveSlot(default, new(TdpScene.MiB2));
            }
            else
            {
                scene.Vm.RemoveSlot(default);
            }
        }
    }
}
