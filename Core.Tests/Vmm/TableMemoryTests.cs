// Tests of the command: which pages are loaded, and how they are grouped.
using System.Collections.Generic;
using System.Linq;
using Mmu.Vmm.Images;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class TableMemoryTests
{
    private const ulong LongMode = 0xd00;

    [Fact]
    public void AdjacentPagesBecomeOneRun() =>
        Assert.Equal([(0x1000UL, 0x2000UL), (0x5000UL, 0x1000UL)], TableRuns.Of([0x1000, 0x2000, 0x5000]));

    [Fact]
    public void TooManyRunsAreJoinedAcrossTheSmallestGaps() =>
        Assert.Equal([(0x1000UL, 0x4000UL), (0x100_0000UL, 0x1000UL)], TableRuns.Of([0x1000, 0x4000, 0x100_0000], 2));

    [Fact]
    public void TablesTooFarApartAreRefused() =>
        Assert.Throws<InputException>(() => TableRuns.Of([0x1000, 1UL << 40, 1UL << 41], 2));

    [Fact]
    public void GapsReadAsZeroAndPagesAsTheyAre()
    {
        SortedSet<ulong> tables = [];
        Dictionary<ulong, byte[]> pages = [];
        for (ulong i = 0; i <= TableRuns.MaxRuns; i++)
        {
            _ = tables.Add(i * 0x2000);
            pages.Add(i * 0x2000, [.. Enumerable.Repeat((byte)0xa5, 4096)]);
        }

        using var source = new SnapshotPages(pages);
        using TableMemory memory = TableMemory.Load(source, tables);
        TableRun run = Assert.Single(memory.Runs);
        unsafe
        {
            Assert.Equal(0xa5, *(byte*)(run.Host + 0x2000));
            Assert.Equal(0, *(byte*)(run.Host + 0x1000));
        }
    }

    [Fact]
    public void ScanCountsEachTableOnceHoweverOftenItIsNamed()
    {
        // The root names one table twice, and itself.
        TableScan scan = Scan(Root(0x1000, 0x20, LongMode), Page(0x1000, 0x2003, 0x2003, 0x1003), Page(0x2000, 0x3003));
        Assert.Equal([0x1000UL, 0x2000UL], scan.Tables);
        Assert.Equal([0x3000UL, 0x3000UL], [scan.Missing.Min, scan.Missing.Max]);
        Assert.Equal(new LevelCount(1, 3, 0), scan.Levels[3]);
        Assert.Equal(new LevelCount(2, 4, 0), scan.Levels[2]);
    }

    [Fact]
    public void ScanEndsWhereEveryEntryNamesTheSameTable()
    {
        TableScan scan = Scan(Root(0x1000, 0x1020, LongMode), Page(0x1000, [.. Enumerable.Repeat(0x1003UL, 512)]));
        Assert.Equal([0x1000UL], scan.Tables);
        Assert.Equal(5, scan.Levels.Count);
        Assert.All(scan.Levels, level => Assert.Equal((1, 512L), (level.Tables, level.Entries)));
    }

    [Fact]
    public void LargePagesEndTheScanWhereTheModeHasThem()
    {
        // Bit 7 is set in every entry: a page at level 2; at level 4, and with CR4.PSE clear in 32-bit paging, a table.
        Assert.Equal(1, Scan(Root(0x1000, 0x20, LongMode), Page(0x1000, 0x2083), Page(0x2000, 0x3083)).Levels[2].Leaves);
        Assert.Equal(1, Scan(Root(0x1000, 0x10, 0), Page(0x1000, 0x2083)).Levels[1].Leaves);
        Assert.Equal([0x2000UL], Scan(Root(0x1000, 0, 0), Page(0x1000, 0x2083)).Missing);
    }

    [Fact]
    public void PaeRootIsTheFourEntriesThatCr3Names()
    {
        ulong[] root = [.. Enumerable.Repeat(0x7001UL, 16)];
        (root[4], root[5], root[6], root[7]) = (0x2001, 0, 0x3021, 0);
        TableScan scan = Scan(Root(0x1020, 0x20, 0), Page(0x1000, root), Page(0x2000), Page(0x3000));
        Assert.Equal([0x1000UL, 0x2000UL, 0x3000UL], scan.Tables);
        Assert.Empty(scan.Missing);
        Assert.Equal(new LevelCount(1, 2, 0), scan.Levels[2]);
    }

    private static PagingRoot Root(ulong cr3, ulong cr4, ulong efer) => new("test", 0x8000_0001, cr3, cr4, efer);

    private static (ulong Gpa, ulong[] Entries) Page(ulong gpa, params ulong[] entries) => (gpa, entries);

    private static TableScan Scan(PagingRoot root, params (ulong Gpa, ulong[] Entries)[] pages)
    {
        Dictionary<ulong, byte[]> bytes = [];
        foreach ((ulong gpa, ulong[] entries) in pages)
        {
            var page = new byte[4096];
            System.Buffer.BlockCopy(entries, 0, page, 0, entries.Length * sizeof(ulong));
            bytes.Add(gpa, page);
        }

        using var source = new SnapshotPages(bytes);
        return TableScan.Run(source, root);
    }
}
