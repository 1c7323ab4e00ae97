// Facts N1 to N11 about nested page tables, for an L2 on our tables: what L1 is told, by row.
using Mmu.Common;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class NptRowTests
{
    private const ulong P = 1, W = 2, U = 4, NoExecute = 1UL << 63, Final = 1UL << 32, PageWalk = 1UL << 33;
    private const ulong Address = (3UL << 39) | (5UL << 30) | (1UL << 21) | (9UL << 12) | 0x120;

    private const ulong Smep = 1UL << 20;

    // N1: the user bit is set whoever accesses. All at every level.
    [Theory]
    [InlineData("N2", P, (int)OracleKind.Read, 0x4)]
    [InlineData("N2 write", P, (int)OracleKind.Write, 0x6)]
    [InlineData("N3", NoExecute, (int)OracleKind.Fetch, 0x15)]
    [InlineData("N4 U", U, (int)OracleKind.Read, 0x5)]
    [InlineData("N4 W", W, (int)OracleKind.Write, 0x7)]
    public void L1IsToldWhatItsEntryAllows(string fact, ulong toggled, int access, ulong code)
    {
        var kind = (OracleKind)access;
        Assert.StartsWith("N", fact, System.StringComparison.Ordinal);
        foreach (int hostLevels in (int[])[4, 5])
        {
            using L2Scene scene = new(ept: false, onTdp: hostLevels == 4, hostLevels: hostLevels);
            for (int leaf = 1; leaf <= 3; leaf++)
            {
                for (int level = leaf; level <= 4; level++)
                {
                    scene.Root = scene.NewTable();
                    _ = scene.Map(Address, leaf == 1 ? 0x5000UL : 0, L2Scene.NptOpen, leaf);
                    ulong at = scene.At(Address, level);
                    ulong whole = scene.Word(at);
                    scene.Store(at, whole ^ toggled);
                    scene.Enter();
                    scene.Exits(Address, kind, code | Final);
                    scene.Exits(Address, kind, code | Final, user: true);
                    scene.Store(at, whole);
                    scene.Flush();
                    scene.Reaches(Address, kind, (leaf == 1 ? 0x5000UL : 0) + (Address & ((1UL << (3 + (9 * leaf))) - 1)));
                    scene.Leave();
                }
            }
        }
    }

    [Fact]
    public void N3TheGuestsOwnNxDoesNotMatter()
    {
        using L2Scene scene = new(ept: false);
        PagedGuest l2 = new(scene);
        ulong at = scene.At(PagedGuest.Data, 1);
        scene.Store(at, scene.Word(at) | NoExecute);
        scene.Enter(state: PagedGuest.State with { Efer = 0x500 });
        NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Fetch));
        Assert.Equal(0x15UL | Final, outcome.Result.Walk.ExitInfo1);
        Assert.NotEqual(0UL, l2.Leaf);
    }

    [Fact]
    public void N5AWalkIsAUsersWrite()
    {
        using L2Scene scene = new(ept: false);
        _ = new PagedGuest(scene);
        ulong at = scene.At(PagedGuest.Table(4), 1);
        scene.Store(at, scene.Word(at) & ~W);
        scene.Enter(state: PagedGuest.State);
        NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Read));
        Assert.Equal(7UL | PageWalk, outcome.Result.Walk.ExitInfo1);
        Assert.Equal(PagedGuest.Table(4), outcome.Result.Walk.NestedGpa.Value & ~0xFFFUL);
    }

    [Fact]
    public void N6AReservedBitUnderAFetchTellsOfTheFetchByTheHostsStateAlone()
    {
        foreach (bool hostNx in (bool[])[true, false])
        {
            foreach (bool hostSmep in (bool[])[true, false])
            {
                foreach (ulong guestEfer in (ulong[])[0xD00, 0x500])
                {
                    foreach (ulong guestSmep in (ulong[])[0, Smep])
                    {
                        using L2Scene scene = new(ept: false);
                        scene.Npt = scene.Npt with { HostEfer = hostNx ? 0xD00UL : 0x500, HostCr4 = 0x20 | (hostSmep ? Smep : 0) };
                        _ = new PagedGuest(scene);
                        ulong at = scene.At(PagedGuest.Data, 1);
                        scene.Store(at, scene.Word(at) | (1UL << 50));
                        scene.Enter(state: PagedGuest.State with { Efer = guestEfer, Cr4 = PagedGuest.State.Cr4 | guestSmep });

                        // L2's page is a user's: under SMEP the supervisor's fetch would be L2's own fault.
                        NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Fetch, User: true));
                        Assert.Equal(0xDUL | (hostNx || hostSmep ? 0x10UL : 0) | Final, outcome.Result.Walk.ExitInfo1);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(3)]
    public void N7AReservedBitOverL2sTablesIsMetByTheWalk(int level)
    {
        using L2Scene scene = new(ept: false);
        _ = new PagedGuest(scene);
        ulong at = scene.At(PagedGuest.Data, level);
        scene.Store(at, scene.Word(at) | (1UL << 51));
        scene.Enter(state: PagedGuest.State);
        NestedOutcome outcome = scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Fetch));
        Assert.Equal(0xFUL | PageWalk, outcome.Result.Walk.ExitInfo1);
    }

    [Theory]
    [InlineData(1, 46, true, true)]
    [InlineData(1, 51, true, true)]
    [InlineData(2, 13, true, true)]
    [InlineData(2, 20, true, true)]
    [InlineData(3, 29, true, true)]
    [InlineData(3, 7, true, false)]
    [InlineData(4, 8, true, true)]
    [InlineData(1, 63, false, true)]
    public void N8ReservedBits(int level, int bit, bool hostNx, bool pages1G)
    {
        using L2Scene scene = new(ept: false);
        scene.Npt = scene.Npt with { HostEfer = hostNx ? 0xD00UL : 0x500, Pages1G = pages1G };
        int leaf = bit == 7 ? 1 : level == 4 ? 1 : level;
        _ = scene.Map(Address, leaf == 1 ? 0x5000UL : 0, L2Scene.NptOpen, leaf);
        ulong at = scene.At(Address, level);
        scene.Store(at, scene.Word(at) ^ (1UL << bit));
        scene.Enter();
        scene.Exits(Address, OracleKind.Read, 0xDUL | Final);
    }

    [Theory]
    [InlineData(0x8000_0001UL)]
    [InlineData(0x8001_0001UL)]
    public void N9TheGuestsWriteProtectionDoesNotMatter(ulong cr0)
    {
        using L2Scene scene = new(ept: false);
        _ = new PagedGuest(scene);
        ulong at = scene.At(PagedGuest.Data, 1);
        scene.Store(at, scene.Word(at) & ~W);
        scene.Enter(state: PagedGuest.State with { Cr0 = cr0 });
        Assert.True(scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Read)).IsMade);
        Assert.Equal(7UL | Final, scene.Processor.Access(PagedGuest.Address, new OracleAccess(OracleKind.Write)).Result.Walk.ExitInfo1);
    }

    [Fact]
    public void N10UnderGmetASupervisorFetchesFromSupervisorPagesAlone()
    {
        using L2Scene scene = new(ept: false);
        scene.Npt = scene.Npt with { GuestModeExecuteTrap = true };
        ulong leaf = scene.Map(Address, 0x5000, L2Scene.NptOpen & ~U);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Fetch, 0x5120);
        scene.Exits(Address, OracleKind.Read, 5UL | Final);
        scene.Exits(Address, OracleKind.Fetch, 0x15UL | Final, user: true);
        scene.Store(leaf, 0x5000 | L2Scene.NptOpen);
        scene.Flush();
        NestedOutcome outcome = scene.Access2(Address, OracleKind.Fetch);
        Assert.Equal(0x11UL | Final, outcome.Result.Walk.ExitInfo1 & ~U);
        scene.Reaches(Address, OracleKind.Fetch, 0x5120, user: true);
        scene.Store(leaf, 0x5000 | (L2Scene.NptOpen & ~U) | NoExecute);
        scene.Flush();
        Assert.Equal(0x11UL | Final, scene.Access2(Address, OracleKind.Fetch).Result.Walk.ExitInfo1 & ~U);
    }

    [Fact]
    public void N11ADeviceOfL1IsReadThroughItsTablesAndWrittenOnlyIfTheyAllowIt()
    {
        const ulong device = 0x4000_0000;
        using L2Scene scene = new(ept: false);
        _ = scene.Map(Address, device, L2Scene.NptOpen & ~W);
        scene.Enter();
        for (int round = 0; round < 3; round++)
        {
            NestedOutcome read = scene.Access2(Address, OracleKind.Read);
            Assert.Equal(FaultOutcome.Mmio, read.Answer);
            Assert.Equal(device + 0x120, read.Result.Gpa.Value);
            scene.Exits(Address, OracleKind.Write, 7UL | Final);
        }
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(2, 5)]
    [InlineData(3, 4)]
    [InlineData(3, 5)]
    public void TablesOf32BitHostsAreReadThroughTablesAboveThem(int levels, int hostLevels)
    {
        const ulong low = 0xC060_9000, pdpteOffset = 0x60;
        using L2Scene scene = new(ept: false, hostLevels: hostLevels);
        ulong top = scene.NewTable() + (levels == 3 ? pdpteOffset : 0);
        ulong directory = levels == 3 ? scene.NewTable() : top;
        ulong table = scene.NewTable();
        if (levels == 3)
        {
            scene.Word(top + (3 * 8)) = directory | 1;
            scene.Word(directory + (((low >> 21) & 511) * 8)) = table | L2Scene.NptOpen;
            scene.Word(table + (((low >> 12) & 511) * 8)) = 0x5000 | L2Scene.NptOpen;
        }
        else
        {
            Set32(scene, directory + ((low >> 22) * 4), (uint)(table | L2Scene.NptOpen));
            Set32(scene, table + (((low >> 12) & 1023) * 4), (uint)(0x5000 | L2Scene.NptOpen));
        }

        scene.Root = top;
        scene.Npt = scene.Npt with { HostCr4 = levels == 3 ? 0x20UL : 0x10, HostEfer = levels == 3 ? 0x800UL : 0 };
        scene.Enter();
        scene.Reaches(low + 0x34, OracleKind.Write, 0x5034);
        scene.Exits(low + 0x1000, OracleKind.Read, 4UL | Final);
        scene.Exits(low ^ 0x4000_0000, OracleKind.Read, 4UL | Final);
        scene.Audit();

        // What L1 changes in its uppermost table is seen, wherever that lies in its frame.
        ulong upper = levels == 3 ? top + (3 * 8) : directory + ((low >> 22) * 4);
        scene.Store(upper & ~7UL, 0);
        scene.Exits(low, OracleKind.Read, 4UL | Final);
        scene.Audit();
    }

    private static void Set32(L2Scene scene, ulong gpa, uint value)
    {
        int shift = (int)(gpa & 4) * 8;
        ref ulong word = ref scene.Word(gpa & ~7UL);
        word = (word & ~(0xFFFF_FFFFUL << shift)) | ((ulong)value << shift);
    }
}
