// TDP races: splits, ageing, dirty logging and the return of huge pages against faults; the tables in docs/locking.md name these tests.
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Sptes;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Tdp.Races;

public sealed class ChangeRaceTests
{
    private const ulong HugeBytes = 0x20_0000;
    private const int EptWrite = 1;
    private const int EptDirty = 9;

    // The small pages were made of an entry without W; it gets W before their table is linked.
    [Fact]
    public void ASplitThatLosesToAFaultMakesItsPagesAnew()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        scene.Vm.WriteProtect(new Gpa(RaceScene.Huge), HugeBytes);
        using ParkedThread split = new(() => Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes)), SchedulePointKind.TdpSplitLink);
        Assert.True(split.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => Assert.Equal(FaultOutcome.Fixed, scene.Fault(1, RaceScene.Huge + 0x3000, GpaAccess.Write)));
        Assert.True(scene.Peek(RaceScene.Huge + 0x3000, GpaAccess.Write).Passes);
        split.Finish();
        GpaOutcome found = scene.Peek(RaceScene.Huge + 0x3000, GpaAccess.Write);
        Assert.True(found.Passes);
        Assert.Equal(12, found.Page.Shift);
        Assert.Equal(512UL, scene.Statistics.Pages4K);
        scene.AssertSound();
    }

    // The fault has read the huge entry; the split replaces it by a table. Only the page that was written gets W.
    [Fact]
    public void AFaultThatLosesToASplitGivesBackTheSmallPageAlone()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        scene.Vm.WriteProtect(new Gpa(RaceScene.Huge), HugeBytes);
        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread fault = new(() => outcome = scene.Fault(1, RaceScene.Huge + 0x3000, GpaAccess.Write), SchedulePointKind.TdpFaultRead);
        Assert.True(fault.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes)));
        fault.Finish();
        Assert.Equal(FaultOutcome.Fixed, outcome);
        Assert.True(scene.Peek(RaceScene.Huge + 0x3000, GpaAccess.Write).Passes);
        Assert.False(scene.Peek(RaceScene.Huge + 0x4000, GpaAccess.Write).Passes);
        scene.AssertSound();
    }

    // A split has let go of the lock to get pages, and the huge page goes.
    [Fact]
    public void ASplitThatYieldedLooksAgain()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        using ParkedThread split = new(() => Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes)), SchedulePointKind.TdpYield);
        Assert.True(split.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => scene.Vm.UnmapRange(new Gpa(RaceScene.Huge), HugeBytes));
        split.Finish();
        Assert.False(scene.Peek(RaceScene.Huge, GpaAccess.Read).Passes);
        scene.AssertSound();
    }

    // A fault without the lock stands in a table that is taken out: its exchange is lost, and the table is not used for anything else meanwhile.
    [Fact]
    public void ATableThatAFaultStandsInIsNotUsedAgainBeforeItLeaves()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes));
        scene.Vm.WriteProtect(new Gpa(RaceScene.Huge), HugeBytes);
        GpaWalkStep old = scene.Last(RaceScene.Huge + 0x3000);
        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread fault = new(
            () => outcome = scene.Fault(1, RaceScene.Huge + 0x3000, GpaAccess.Write, ViolationFlags.Present), SchedulePointKind.TdpFaultRead);
        Assert.True(fault.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => scene.Vm.ZapCollapsible(new Gpa(RaceScene.Huge), HugeBytes));
        Assert.Equal(21, scene.Peek(RaceScene.Huge, GpaAccess.Read).Page.Shift);
        ParkedThread.RunToEnd(() => Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes)));
        ParkedThread.RunToEnd(() => scene.Access(2, RaceScene.Small, GpaAccess.Write));
        ParkedThread.RunToEnd(() => scene.Access(2, RaceScene.Demand, GpaAccess.Write));
        ulong[] used = [scene.Last(RaceScene.Huge).Table, scene.Last(RaceScene.Small).Table, scene.Last(RaceScene.Demand).Table];
        Assert.DoesNotContain(old.Table, used);
        Assert.Equal(Spte.Frozen, scene.Word(old));
        fault.Finish();
        Assert.Equal(FaultOutcome.Fixed, outcome);
        Assert.Equal(Spte.Frozen, scene.Word(old));
        Assert.True(scene.Peek(RaceScene.Huge + 0x3000, GpaAccess.Write).Passes);
        Assert.False(scene.Peek(RaceScene.Huge + 0x4000, GpaAccess.Write).Passes);
        scene.AssertSound();
    }

    // The huge page is in place and flushed for; its table is about to be given back. Faults and unmappings need not wait for that.
    [Fact]
    public void APageIsMappedWhileTheTableThatWasThereIsGivenBack()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes));
        ulong tables = scene.Statistics.Tables;
        using ParkedThread collapse = new(() => scene.Vm.ZapCollapsible(new Gpa(RaceScene.Huge), HugeBytes), SchedulePointKind.TdpRetire);
        Assert.True(collapse.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() =>
        {
            scene.Access(1, RaceScene.Huge + 0x3000, GpaAccess.Read);
            scene.Access(1, RaceScene.Huge + 0x3000, GpaAccess.Write);
            scene.Access(1, RaceScene.Small, GpaAccess.Write);
        });
        using ParkedThread unmap = scene.Waiting(() => scene.Vm.UnmapRange(new Gpa(RaceScene.Huge), HugeBytes));
        collapse.Finish();
        unmap.Finish();
        Assert.False(scene.Peek(RaceScene.Huge, GpaAccess.Read).Passes);
        Assert.Equal(tables, scene.Statistics.Tables);
        scene.AssertSound();
    }

    // Ageing has read an entry that goes meanwhile: it must not bring it back.
    [Fact]
    public void AgeingDoesNotBringBackWhatWasTakenOut()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes));
        GpaWalkStep old = scene.Last(RaceScene.Huge);
        using ParkedThread age = new(() => scene.Vm.Age(new Gpa(RaceScene.Huge), 4096), SchedulePointKind.TdpAge);
        Assert.True(age.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => scene.Vm.ZapCollapsible(new Gpa(RaceScene.Huge), HugeBytes));
        Assert.Equal(Spte.Frozen, scene.Word(old));
        age.Finish();
        Assert.Equal(Spte.Frozen, scene.Word(old));
        Assert.Equal(21, scene.Peek(RaceScene.Huge, GpaAccess.Read).Page.Shift);
        scene.AssertSound();
    }

    [Fact]
    public void AnUnmappingWaitsForAgeing()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        bool young = false;
        using ParkedThread age = new(() => young = scene.Vm.Age(new Gpa(RaceScene.Small), 4096), SchedulePointKind.TdpAge);
        Assert.True(age.WaitUntilParked().HasParked);
        using ParkedThread unmap = scene.Waiting(() => scene.Vm.UnmapRange(new Gpa(RaceScene.Small), 4096));
        age.Finish();
        unmap.Finish();
        Assert.True(young);
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Read).Passes);
        scene.AssertSound();
    }

    // A processor marks the entry while W is being taken: the mark stays, and W goes.
    [Fact]
    public void AWriteProtectionThatLosesToTheProcessorKeepsItsMark()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new();
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        scene.ClearDirty(RaceScene.Small);
        Assert.False(Bits.Has(scene.Last(RaceScene.Small).Entry, EptDirty));
        using ParkedThread protect = new(() => scene.Vm.WriteProtect(new Gpa(RaceScene.Small), 4096), SchedulePointKind.TdpDirtyClear);
        Assert.True(protect.WaitUntilParked().HasParked);
        Assert.True(scene.Walk(RaceScene.Small, GpaAccess.Write).Passes);
        protect.Finish();
        ulong entry = scene.Last(RaceScene.Small).Entry;
        Assert.True(Bits.Has(entry, EptDirty));
        Assert.False(Bits.Has(entry, EptWrite));
        scene.AssertSound();
    }

    // The log was read and cleared while a write fault was under way: the write counts for the next reading, as W is there again.
    [Fact]
    public void AWriteFaultThatMeetsADirtyClearIsSeenByTheNextOne()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new(TdpFormat.EptNoAccessedDirty);
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        scene.ClearDirty(RaceScene.Small);
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Write).Passes);
        FaultOutcome outcome = FaultOutcome.None;
        using ParkedThread fault = new(() => outcome = scene.Fault(1, RaceScene.Small, GpaAccess.Write), SchedulePointKind.TdpFaultRead);
        Assert.True(fault.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => scene.ClearDirty(RaceScene.Small));
        fault.Finish();
        Assert.Equal(FaultOutcome.Fixed, outcome);
        Assert.True(scene.Peek(RaceScene.Small, GpaAccess.Write).Passes);
        Assert.True(Bits.Has(scene.Last(RaceScene.Small).Entry, EptDirty));
        scene.ClearDirty(RaceScene.Small);
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Write).Passes);
        scene.AssertSound();
    }

    // A dirty clear has read D; a fault gives W back; the clear must see that.
    [Fact]
    public void ADirtyClearThatLosesToAWriteFaultTakesItsWriteAccessToo()
    {
        ParkedThread.RequirePoints();
        using RaceScene scene = new(TdpFormat.EptNoAccessedDirty);
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        scene.Vm.WriteProtect(new Gpa(RaceScene.Small), 4096);
        Assert.True(Bits.Has(scene.Last(RaceScene.Small).Entry, EptDirty));
        using ParkedThread clear = new(() => scene.ClearDirty(RaceScene.Small), SchedulePointKind.TdpDirtyClear);
        Assert.True(clear.WaitUntilParked().HasParked);
        ParkedThread.RunToEnd(() => Assert.Equal(FaultOutcome.Fixed, scene.Fault(1, RaceScene.Small, GpaAccess.Write)));
        clear.Finish();
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Write).Passes);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(1, RaceScene.Small, GpaAccess.Write));
        scene.AssertSound();
    }
}
