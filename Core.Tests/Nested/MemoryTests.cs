// What the host does to L1's memory reaches L2's mappings; what L2 and L1 write is noticed.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class MemoryTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21) | (9UL << 12);
    private const ulong Everything = ulong.MaxValue;
    private const ulong A = 1UL << 8, D = 1UL << 9;

    // Bugs 6 and 9: how pages of L2 are logged follows from their tables, not from what L1's use.
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    public void WhatL2WritesIsInTheLogOfL1sMemory(bool ept, bool accessedDirty, bool pml)
    {
        using L2Scene scene = new(ept, pml: pml) { AccessedDirty = accessedDirty };
        ulong open = ept ? 7UL : L2Scene.NptOpen;
        _ = scene.Map(Address, 0x5000, open);
        _ = scene.Map(Address + 0x1000, 0x6000, open);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Reaches(Address + 0x1000, OracleKind.Write, 0x6000);
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        ulong[] bits = new ulong[L2Scene.RamPages / 64];
        Take(scene, log, bits);
        Take(scene, log, bits);
        Assert.Equal(0UL, bits[0] & 0x60);
        scene.Reaches(Address, OracleKind.Read, 0x5000);
        scene.Reaches(Address + 0x1000, OracleKind.Write, 0x6000);
        Take(scene, log, bits);
        Assert.Equal(0x40UL, bits[0] & 0x60);
        scene.Audit();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Take(scene, log, bits);
        Assert.Equal(0x20UL, bits[0] & 0x60);
    }

    [Fact]
    public void AfterAgeingTheLogStillAsksForAFlush()
    {
        using L2Scene scene = new(onTdp: false);
        _ = scene.Map(Address, 0x5000, 7);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.True(scene.Vm.Age(new Gpa(0x5000), 0x1000));

        // The rights are gone from the table, not from the TLB: no flush is owed for that alone.
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(5)!;
        using (MmuWriteGuard held = scene.Vm.Core.Lock.Enter())
        {
            Assert.True(scene.Vm.EngineSet.WriteProtect(shared: false, slot, 5, 6, minimumLevel: 1));
        }

        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.True(scene.Vm.TestAge(new Gpa(0x5000), 0x1000));
    }

    // What tells a page of EPT that may be written lies elsewhere than in legacy entries.
    [Theory]
    [InlineData(true, false, 3UL)]
    [InlineData(true, true, 3UL)]
    [InlineData(true, true, 7UL)]
    [InlineData(false, false, L2Scene.NptOpen)]
    public void AWritablePageAsksForAFlushWhateverElseItAllows(bool ept, bool accessedDirty, ulong rights)
    {
        using L2Scene scene = new(ept, onTdp: false) { AccessedDirty = accessedDirty };
        _ = scene.Map(Address, 0x5000, rights);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(5)!;
        using MmuWriteGuard held = scene.Vm.Core.Lock.Enter();
        Assert.True(scene.Vm.EngineSet.WriteProtect(shared: false, slot, 5, 6, minimumLevel: 1));
        Assert.False(scene.Vm.EngineSet.WriteProtect(shared: false, slot, 6, 7, minimumLevel: 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AgeingIsUndoneByTheNextAccess(bool accessedDirty)
    {
        using L2Scene scene = new() { AccessedDirty = accessedDirty };
        _ = scene.Map(Address, 0x5000, 7);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.True(scene.Vm.Age(new Gpa(0x5000), 0x1000));
        Assert.False(scene.Vm.TestAge(new Gpa(0x5000), 0x1000));
        scene.Reaches(Address, OracleKind.Read, 0x5000);
        Assert.True(scene.Vm.TestAge(new Gpa(0x5000), 0x1000));
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Reaches(Address, OracleKind.Fetch, 0x5000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ATrackedFrameIsNotWrittenByL2Unseen(bool onTdp)
    {
        using L2Scene scene = new(onTdp: onTdp);
        _ = scene.Map(Address, 0x5000, 7);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Vm.TrackWrites(new Gpa(0x5000));
        NestedOutcome outcome = scene.Access2(Address, OracleKind.Write);
        Assert.Equal(FaultOutcome.WriteProtected, outcome.Answer);
        Assert.Equal(0x5000UL, outcome.Result.Gpa.Value);
        scene.Vm.UntrackWrites(new Gpa(0x5000));
        scene.Reaches(Address, OracleKind.Write, 0x5000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void L1sTablesAreUnsyncAtTheLowestLevelAndGuardedAbove(bool onTdp)
    {
        using L2Scene scene = new(onTdp: onTdp);
        ulong leaf = scene.Map(Address, 0x5000, 7);
        ulong directory = scene.At(Address, 2);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        ulong seen = scene.Statistics.TableWrites;
        scene.Store(leaf, 0x6000 | 7 | L2Scene.EptWriteBack);
        Assert.Equal(seen, scene.Statistics.TableWrites);
        Assert.Equal(1UL, scene.Statistics.Unsyncs);
        scene.Audit();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        scene.Flush();
        scene.Reaches(Address, OracleKind.Write, 0x6000);

        // A store above is emulated, and forgets its entry at once.
        scene.Store(directory, 0);
        Assert.Equal(seen + 1, scene.Statistics.TableWrites);
        scene.Exits(Address, OracleKind.Read, 0x181);
        scene.Audit();
    }

    [Fact]
    public void AStoreOfL2ToTheTableItRunsOnIsToBeEmulated()
    {
        using L2Scene scene = new();
        ulong leaf = scene.Map(Address, 0x5000, 7);
        ulong directory = scene.At(Address, 2);
        _ = scene.Map(Address + 0x1000, directory & ~0xFFFUL, 7);
        scene.Enter();
        NestedOutcome outcome = scene.Access2(Address + 0x1000, OracleKind.Write);
        Assert.Equal(FaultOutcome.WriteProtected, outcome.Answer);
        Assert.True(outcome.Result.HitsOwnTables);
        Assert.NotEqual(0UL, leaf);
    }

    [Fact]
    public void UnmappedMemoryIsGoneFromL2()
    {
        using L2Scene scene = new();
        _ = scene.Map(Address, 0x5000, 7);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        int violations = scene.Processor.Violations;
        Assert.Contains("flush 0", string.Join(' ', scene.FlushesOf(() =>
        {
            scene.Vm.UnmapRange(new Gpa(0x5000), 0x1000);
            _ = L2Scene.Run(scene.Vcpu);
        })), StringComparison.Ordinal);
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Equal(violations + 1, scene.Processor.Violations);
    }

    [Fact]
    public void PrivateMemoryIsNotL2s()
    {
        using L2Scene scene = new();
        _ = scene.Map(Address, 0x5000, 7);
        scene.Vm.SetPrivate(new Gpa(0x5000), 0x1000, isPrivate: true);
        scene.Enter();
        Assert.Equal(FaultOutcome.MemoryFault, scene.Access2(Address, OracleKind.Read).Answer);
        scene.Vm.SetPrivate(new Gpa(0x5000), 0x1000, isPrivate: false);
        scene.Reaches(Address, OracleKind.Read, 0x5000);
    }

    [Fact]
    public void FetchesGetSmallPagesWhereHugeOnesMustNotBeExecuted()
    {
        using L2Scene scene = new(nxHugePages: true);

        const ulong first = 0x20_0000;
        _ = scene.Map(1UL << 30, first, 7, level: 2);
        scene.Enter();
        scene.Reaches(1UL << 30, OracleKind.Write, first);
        ulong huge = scene.Statistics.Pages2M;
        Assert.NotEqual(0UL, huge);
        scene.Reaches((1UL << 30) + 0x3000, OracleKind.Fetch, first + 0x3000);
        scene.Reaches((1UL << 30) + 0x5000, OracleKind.Write, first + 0x5000);
        scene.Reaches((1UL << 30) + 0x3000, OracleKind.Fetch, first + 0x3000);
        Assert.Equal(huge - 1, scene.Statistics.Pages2M);
        int violations = scene.Processor.Violations;
        scene.Reaches((1UL << 30) + 0x5000, OracleKind.Write, first + 0x5000);
        scene.Reaches((1UL << 30) + 0x3000, OracleKind.Fetch, first + 0x3000);
        Assert.Equal(violations, scene.Processor.Violations);
    }

    [Fact]
    public void PagesThatL2MakesDirtyAreInL1sLogUntilThatIsFull()
    {
        const ulong log = 0x30_0000;
        using L2Scene scene = new() { AccessedDirty = true };
        scene.Ept = scene.Ept with { LogAddress = log };
        ulong leaf = scene.Map(Address, 0x5000, 7);
        ulong other = scene.Map(Address + 0x1000, 0x6000, 7);
        scene.Vcpu.NestedLogIndex = 1;
        scene.Enter();
        scene.Reaches(Address, OracleKind.Read, 0x5000);
        Assert.Equal((ushort)1, scene.Vcpu.NestedLogIndex);
        scene.Reaches(Address | 0x18, OracleKind.Write, 0x5018);
        Assert.Equal(Address, scene.Word(log + 8));
        Assert.Equal((ushort)0, scene.Vcpu.NestedLogIndex);
        scene.Reaches(Address | 0x18, OracleKind.Write, 0x5018);
        Assert.Equal((ushort)0, scene.Vcpu.NestedLogIndex);

        // The walker, too, on behalf of an emulator: L2 with paging off.
        Assert.True(scene.Vcpu.Walker.Translate(new Gva(Address + 0x1000), Access.SupervisorWrite, out _));
        Assert.Equal(Address + 0x1000, scene.Word(log));
        Assert.Equal(ushort.MaxValue, scene.Vcpu.NestedLogIndex);
        scene.Store(leaf, scene.Word(leaf) & ~D);
        scene.Flush();
        NestedOutcome full = scene.Access2(Address, OracleKind.Write);
        Assert.Equal(FaultOutcome.Inject, full.Answer);
        Assert.Equal(WalkOutcome.ModificationLogFull, full.Result.Walk.Outcome);
        Assert.Equal(0UL, scene.Word(leaf) & D);
        scene.Vcpu.NestedLogIndex = 511;
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Equal(Address, scene.Word(log + (511 * 8)));
        Assert.Equal(A | D, scene.Word(other) & (A | D));
    }

    [Fact]
    public void TheWalkerTranslatesThroughBothAndMarksBoth()
    {
        using L2Scene scene = new() { AccessedDirty = true };
        PagedGuest l2 = new(scene);
        l2.Leaf &= ~0x60UL;
        scene.Enter(state: PagedGuest.State);
        Assert.True(scene.Vcpu.Walker.Translate(new Gva(PagedGuest.Address), Access.UserWrite, out WalkResult walk));
        Assert.Equal(PagedGuest.DataPlace + (PagedGuest.Address & 0xFFF), walk.Gpa.Value);
        Assert.Equal(0x60UL, l2.Leaf & 0x60);
        Assert.Equal(A | D, scene.Word(scene.At(PagedGuest.Data, 1)) & (A | D));
        scene.Processor.Load();
        Assert.Equal(FaultOutcome.Retry, scene.Vcpu.HandleFault(new FaultRequest(new Gva(PagedGuest.Address), Access.UserWrite, PageFaultCode.Write), out _));
        scene.Exits(PagedGuest.Address & ~0xFFFUL, OracleKind.Read, 0x181);
    }

    // The worst case: L2's entry for the linear address and L1's for the physical one of the same number are the same word.
    [Fact]
    public void APageFaultOfL2MapsNothing()
    {
        const ulong page = PagedGuest.Address & ~0xFFFUL;
        using L2Scene scene = new(ept: false);
        PagedGuest l2 = new(scene);
        ulong leaf = scene.Map(page, PagedGuest.Data, L2Scene.NptOpen);
        Assert.Equal(l2.Leaf, scene.Word(leaf));
        scene.Enter(state: PagedGuest.State);
        scene.Processor.Load();
        FaultRequest fault = new(new Gva(PagedGuest.Address), Access.UserWrite, PageFaultCode.Write);
        Assert.Equal(FaultOutcome.Retry, scene.Vcpu.HandleFault(fault, out _));
        scene.Reaches(page, OracleKind.Read, PagedGuest.Data, user: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ADumpShowsTheTablesThatL2RunsOn(bool ept)
    {
        using L2Scene scene = new(ept);
        _ = scene.Map(Address, 0x5000, ept ? 7UL : L2Scene.NptOpen);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Contains($"{Address:x16}-{Address + 0xFFF:x16} level 1", scene.Vm.Dump(), StringComparison.Ordinal);
    }

    [Fact]
    public void NestedRootsAreCountedReclaimedAndZappedLikeOthers()
    {
        using L2Scene scene = new(quota: 40);
        for (int i = 0; i < 40; i++)
        {
            scene.Root = scene.NewTable();
            _ = scene.Map(Address, 0x5000, 7);
            scene.Enter();
            scene.Reaches(Address, OracleKind.Write, 0x5000);
            scene.Leave();
            Assert.True(scene.Statistics.Tables <= 40 + 4, $"{scene.Statistics.Tables} tables");
            scene.Audit();
        }

        Assert.NotEqual(0UL, scene.Statistics.TablesRecycled);
        scene.Vm.ZapAll();
        while (scene.Vm.ReclaimObsolete())
        {
        }

        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        _ = scene.Vm.Shrink(int.MaxValue);
        scene.Reaches(Address, OracleKind.Write, 0x5000);
    }

    private static void Take(L2Scene scene, DirtyLogSession log, ulong[] bits)
    {
        Array.Clear(bits);
        _ = log.Harvest(bits);
        Assert.NotEqual(Everything, bits[0]);
        _ = L2Scene.Run(scene.Vcpu);
    }
}
