// Facts E17 to E26 about EPT, but for E25: what L1 is told when L2's own tables are read and marked, by row.
using System.Collections.Generic;
using Mmu.Common;
using Mmu.Tests.Oracle;
using Xunit;
using static Mmu.Tests.Nested.EptFacts;

namespace Mmu.Tests.Nested;

public sealed class EptWalkRowTests
{
    [Theory]
    [InlineData(false, Reads | Linear)]
    [InlineData(true, Reads | Writes | Linear)]
    public void E17ATableOfL2ThatIsNotMappedIsToldByTheAddressOfItsEntry(bool accessedDirty, ulong code)
    {
        using L2Scene scene = Scene(accessedDirty);
        PagedGuest l2 = new(scene);
        scene.Store(scene.At(PagedGuest.Table(1), 1), 0);
        scene.Enter(state: PagedGuest.State);
        foreach (OracleKind kind in (OracleKind[])[OracleKind.Read, OracleKind.Write, OracleKind.Fetch])
        {
            NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(kind));
            Assert.Equal(FaultOutcome.Inject, outcome.Answer);
            Assert.Equal(code, outcome.Result.Walk.ExitQualification);
            Assert.Equal(PagedGuest.Table(1) + (PagedGuest.Index * 8), outcome.Result.Walk.NestedGpa.Value);
        }
    }

    [Theory]
    [InlineData(0UL, false, false, false)]
    [InlineData(0x20UL, true, false, true)]
    [InlineData(0x60UL, true, true, true)]
    public void E18WithoutAccessedBitsATableMayBeReadOnlyUnlessItHasToBeMarked(ulong marks, bool reads, bool writes, bool fetches)
    {
        using L2Scene scene = Scene();
        PagedGuest l2 = new(scene);
        l2.Leaf = (l2.Leaf & ~0x60UL) | marks;
        ulong at = scene.At(PagedGuest.Table(1), 1);
        scene.Store(at, (scene.Word(at) & ~W) | X);
        scene.Enter(state: PagedGuest.State);
        foreach ((OracleKind kind, bool passes) in ((OracleKind, bool)[])[(OracleKind.Read, reads), (OracleKind.Write, writes), (OracleKind.Fetch, fetches)])
        {
            NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(kind));
            Assert.Equal(passes, outcome.IsMade);
            Assert.Equal(passes ? 0 : Reads | Writes | MayRead | MayFetch | Linear, passes ? 0 : outcome.Result.Walk.ExitQualification);
        }
    }

    [Fact]
    public void E19WithAccessedBitsEveryWalkNeedsToWriteTheTable()
    {
        using L2Scene scene = Scene(accessedDirty: true);
        PagedGuest l2 = new(scene);
        l2.Leaf |= 0x60;
        ulong at = scene.At(PagedGuest.Table(1), 1);
        scene.Store(at, scene.Word(at) & ~W);
        scene.Enter(state: PagedGuest.State);
        NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Read));
        Assert.Equal(Reads | Writes | MayRead | MayFetch | Linear, outcome.Result.Walk.ExitQualification);
    }

    [Fact]
    public void E20AWalkNeedsNoFetches()
    {
        using L2Scene scene = Scene();
        _ = new PagedGuest(scene);
        for (int level = 1; level <= 4; level++)
        {
            ulong at = scene.At(PagedGuest.Table(level), 1);
            scene.Store(at, scene.Word(at) & ~X);
        }

        scene.Enter(state: PagedGuest.State);
        foreach (OracleKind kind in (OracleKind[])[OracleKind.Read, OracleKind.Write, OracleKind.Fetch])
        {
            Assert.True(scene.Processor.Access(PagedGuest.Address, new OracleAccess(kind)).IsMade);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void E21E22E23MarksAreSetInL1sTablesAndInL2s(bool accessedDirty)
    {
        const ulong a = 1UL << 8, d = 1UL << 9;
        using L2Scene scene = Scene(accessedDirty);
        PagedGuest l2 = new(scene);
        l2.Leaf &= ~0x60UL;
        scene.Enter(state: PagedGuest.State);
        Assert.True(scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Read)).IsMade);
        List<ulong> data = [];
        for (int level = 1; level <= 4; level++)
        {
            data.Add(scene.Word(scene.At(PagedGuest.Data, level)) & (a | d));
            Assert.Equal(accessedDirty ? (level == 1 ? a | d : a) : 0, scene.Word(scene.At(PagedGuest.Table(2), level)) & (a | d));
        }

        Assert.Equal(accessedDirty ? [a, a, a, a] : [0UL, 0, 0, 0], data);
        Assert.Equal(0x20UL, l2.Leaf & 0x60);
        Assert.True(scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Write)).IsMade);
        Assert.Equal(accessedDirty ? a | d : 0, scene.Word(scene.At(PagedGuest.Data, 1)) & (a | d));
        Assert.Equal(0x60UL, l2.Leaf & 0x60);
    }

    [Fact]
    public void E26L2sOwnRefusalComesBeforeEptRefusesTheMark()
    {
        using L2Scene scene = Scene();
        PagedGuest l2 = new(scene);
        l2.Leaf &= ~0x62UL;
        ulong at = scene.At(PagedGuest.Table(1), 1);
        scene.Store(at, scene.Word(at) & ~W);
        scene.Enter(state: PagedGuest.State);
        NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Write));
        Assert.Equal(FaultOutcome.None, outcome.Answer);
        Assert.Equal(OracleOutcome.PageFault, outcome.Seen.Outcome);
    }
}
