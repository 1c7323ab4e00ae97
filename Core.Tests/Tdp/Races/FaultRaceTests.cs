// TDP races: a fault against another fault and against unmapping; the tables in docs/locking.md name these tests.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Sptes;
using Xunit;

namespace Mmu.Tests.Tdp.Races;

public sealed class FaultRaceTests
{
    [Fact]
    public void AnUnmappingWaitsForAFaultThatIsUnderWayAndRemovesWhatItMapped()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread fault = new(() => outcome = scene.Fault(0, RaceScene.Small, GpaAccess.Write), SchedulePointKind.TdpFaultRead);
        Assert.True(fault.WaitUntilParked().HasParked);
        using ParkedThread unmap = scene.Waiting(() => scene.Vm.UnmapRange(new Gpa(RaceScene.Small), 4096));
        fault.Finish();
        unmap.Finish();
        Assert.Equal(FaultOutcome.Fixed, outcome);
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Read).Passes);
        scene.AssertSound();
    }

    // The host finds a frame, then it is taken away, then the fault gets the lock.
    [Fact]
    public void AFaultWhoseFrameWasUnmappedMeanwhileIsTriedAgain()
    {
        using RaceScene scene = new();
        scene.WhileResolving(() =>
        {
            scene.DemandSlot.Move(GpaVm.DemandFrame);
            scene.Vm.UnmapRange(new Gpa(RaceScene.Demand), 4096);
            scene.DemandSlot.Revoke(GpaVm.DemandFrame);
        });
        Assert.Equal(FaultOutcome.Retry, scene.Fault(0, RaceScene.Demand, GpaAccess.Read));
        Assert.False(scene.Peek(RaceScene.Demand, GpaAccess.Read).Passes);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0, RaceScene.Demand, GpaAccess.Read));
        Assert.Equal(scene.DemandSlot.FrameOf(GpaVm.DemandFrame) << 12, scene.Peek(RaceScene.Demand, GpaAccess.Read).Page.Physical);
        scene.AssertSound();
    }

    // At every level at which the first one stops the second comes first; one page is mapped, and no table is lost.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void TwoFaultsOnOnePageMapItOnce(int nth)
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread first = new(() => outcome = scene.Fault(0, RaceScene.Small, GpaAccess.Write), SchedulePointKind.TdpFaultRead, nth);
        Assert.True(first.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => Assert.Equal(FaultOutcome.Fixed, scene.Fault(1, RaceScene.Small, GpaAccess.Write)));
        Assert.True(scene.Peek(RaceScene.Small, GpaAccess.Write).Passes);
        first.Finish();

        // Who made a table himself has done something.
        Assert.Equal(nth == 1 ? FaultOutcome.Spurious : FaultOutcome.Fixed, outcome);
        Assert.Equal(1UL, scene.Statistics.Pages4K);
        Assert.Equal(4UL, scene.Statistics.Tables);
        scene.AssertSound();
    }

    // A neighbour's fault makes the tables that the first one was about to make.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TwoFaultsOnNeighboursShareTheirTables(int nth)
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread first = new(() => outcome = scene.Fault(0, RaceScene.Small, GpaAccess.Read), SchedulePointKind.TdpFaultRead, nth);
        Assert.True(first.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => Assert.Equal(FaultOutcome.Fixed, scene.Fault(1, RaceScene.Small + 0x5000, GpaAccess.Write)));
        first.Finish();
        Assert.Equal(FaultOutcome.Fixed, outcome);
        Assert.Equal(2UL, scene.Statistics.Pages4K);
        Assert.Equal(4UL, scene.Statistics.Tables);
        scene.AssertSound();
    }

    // The host's answer changed, and nobody has unmapped the old frame yet: who maps the new one freezes the entry and flushes first.
    [Theory]
    [InlineData("TdpFrozen")]
    [InlineData("TdpFlushed")]
    public void AFaultThatMeetsAFrozenEntryIsTriedAgain(string point)
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(1, RaceScene.Demand, GpaAccess.Read);
        scene.Access(1, RaceScene.Demand + 0x1000, GpaAccess.Read);
        scene.DemandSlot.AnswerOf(GpaVm.DemandFrame) = ResolvedKind.ReadOnly;
        ParkedThread.RunToEnd(() => scene.Vm.UnmapRange(new Gpa(RaceScene.Demand), 4096));
        scene.Access(1, RaceScene.Demand, GpaAccess.Read);
        scene.DemandSlot.AnswerOf(GpaVm.DemandFrame) = ResolvedKind.Present;
        scene.DemandSlot.Move(GpaVm.DemandFrame);

        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread first = new(
            () => outcome = scene.Fault(0, RaceScene.Demand, GpaAccess.Write), Enum.Parse<SchedulePointKind>(point));
        Assert.True(first.WaitUntilParked().HasParked);
        Assert.Equal(Spte.Frozen, scene.Last(RaceScene.Demand).Entry);
        Assert.False(scene.Peek(RaceScene.Demand, GpaAccess.Read).Passes);
        ParkedThread.RunToEnd(() =>
        {
            Assert.Equal(FaultOutcome.Retry, scene.Fault(1, RaceScene.Demand, GpaAccess.Read));
            scene.Access(1, RaceScene.Demand + 0x1000, GpaAccess.Read);
            scene.Access(1, RaceScene.Demand + 0x2000, GpaAccess.Write);
        });
        first.Finish();
        Assert.Equal(FaultOutcome.Fixed, outcome);
        Assert.Equal(scene.DemandSlot.FrameOf(GpaVm.DemandFrame) << 12, scene.Peek(RaceScene.Demand, GpaAccess.Write).Page.Physical);
        scene.AssertSound();
    }

    // Parallel means parallel.
    [Fact]
    public void WhileOneFaultIsHalfWayAnotherASplitAndADirtyClearComplete()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(1, RaceScene.Huge, GpaAccess.Write);
        scene.Access(1, RaceScene.Small + 0x8000, GpaAccess.Write);
        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread fault = new(() => outcome = scene.Fault(0, RaceScene.Demand, GpaAccess.Write), SchedulePointKind.TdpFaultRead);
        Assert.True(fault.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => Assert.Equal(FaultOutcome.Fixed, scene.Fault(1, RaceScene.Small + 0x9000, GpaAccess.Read)));
        ParkedThread.RunToEnd(() => Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), 0x20_0000)));
        ParkedThread.RunToEnd(() => scene.ClearDirty(RaceScene.Small + 0x8000));
        ParkedThread.RunToEnd(() => scene.Vm.WriteProtect(new Gpa(RaceScene.Huge), 0x4000));
        ParkedThread.RunToEnd(() => Assert.True(scene.Vm.Age(new Gpa(RaceScene.Huge), 0x20_0000)));
        Assert.False(fault.IsDone);
        Assert.Equal(12, scene.Peek(RaceScene.Huge, GpaAccess.Read).Page.Shift);
        Assert.False(scene.Peek(RaceScene.Small + 0x8000, GpaAccess.Read).Page.Dirty);
        fault.Finish();
        Assert.Equal(FaultOutcome.Fixed, outcome);
        scene.AssertSound();
    }

    // A whole invalidation waits for the fault, which then belongs to the root of before.
    [Fact]
    public void AZapOfAllWaitsForAFaultAndNothingOfItsRootIsReached()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        using ParkedThread fault = new(() => scene.Fault(0, RaceScene.Small, GpaAccess.Write), SchedulePointKind.TdpFaultRead);
        Assert.True(fault.WaitUntilParked().HasParked);
        using ParkedThread zap = scene.Waiting(() => scene.Vm.ZapAll());
        fault.Finish();
        zap.Finish();
        _ = scene.Enter(0);
        scene.Leave(0);
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Read).Passes);
        scene.AssertSound();
    }
}
