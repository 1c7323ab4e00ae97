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

    // Nothing is mapped, so the host is asked only when the slots are what they are to be.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ASlotHasComeThoughTheHostCouldNotReachThoseInGuest(bool move)
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        scene.AddSlot(2 * TdpScene.GiB, TdpScene.MiB2);
        if (move)
        {
            scene.AddSlot(0, TdpScene.MiB2);
        }

        scene.Load();
        using (GuestStay stay = new(scene.Vcpus[0]))
        {
            scene.Host.OnKick = _ => throw new InvalidOperationException("no kick");
            Assert.Throws<InvalidOperationException>(() => Come());
            scene.Host.OnKick = null;
        }

        scene.AddSlot(TdpScene.GiB, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2 + 0x3000));
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0x3000));
        scene.Audit();
        ulong bytes = scene.Vm.MetadataBytes;
        scene.Vm.RemoveSlot(new(TdpScene.MiB2));
        scene.Vm.RemoveSlot(new(TdpScene.GiB));
        Assert.True(scene.Vm.MetadataBytes < bytes);
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(TdpScene.MiB2 + 0x3000));

        void Come()
        {
            if (move)
            {
                scene.Vm.MoveSlot(default, new(TdpScene.MiB2));
            }
            else
            {
                scene.AddSlot(TdpScene.MiB2, TdpScene.MiB2);
            }
        }
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
