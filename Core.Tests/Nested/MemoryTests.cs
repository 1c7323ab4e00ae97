// What the host does to L1's memory reaches L2's mappings; what L2 and L1 write to tables is noticed.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Oracle;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class MemoryTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21) | (9UL << 12);
    private const ulong A = 1UL << 8, D = 1UL << 9;

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
}
