// TDP judge: the judge itself, on tables made by hand: it must notice what is wrong, and nothing else.
using Mmu.Common;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Tdp;

public sealed class GpaWalkerTests
{
    private const ulong Physical = HandTables.Frame << 12;

    [Theory]
    [InlineData("Ept", 4)]
    [InlineData("Ept", 5)]
    [InlineData("EptNoMarks", 4)]
    [InlineData("Npt", 4)]
    [InlineData("Npt", 5)]
    public void RightTablesLeadToTheFrame(string format, int levels)
    {
        using HandTables tables = new(System.Enum.Parse<EntryFormat>(format), levels);
        foreach (GpaAccess access in (GpaAccess[])[GpaAccess.Read, GpaAccess.Write, GpaAccess.Fetch])
        {
            GpaOutcome outcome = tables.Cpu.Access(0x123, access);
            Assert.True(outcome.Passes);
            Assert.Equal(Physical + 0x123, outcome.Page.PhysicalOf(0x123));
        }

        Assert.Equal(levels, tables.Walker.Path(HandTables.Root, 0x123).Count);
    }

    // Intel SDM "Accessed and Dirty Flags for EPT"; AMD APM "Nested Table Walk". A on every level, D on the leaf.
    [Theory]
    [InlineData("Ept", 1UL << 8, 1UL << 9)]
    [InlineData("Npt", 1UL << 5, 1UL << 6)]
    [InlineData("EptNoMarks", 0UL, 0UL)]
    public void MarksAreSetAsTheFormatHasThem(string format, ulong accessed, ulong dirty)
    {
        using HandTables tables = new(System.Enum.Parse<EntryFormat>(format));
        ulong leaf = tables.Entry(1);
        ulong upper = tables.Entry(4);
        Assert.True(tables.Cpu.Access(0, GpaAccess.Read).Passes);
        Assert.Equal(leaf | accessed, tables.Entry(1));
        Assert.Equal(upper | accessed, tables.Entry(4));
        Assert.True(tables.Cpu.Access(0, GpaAccess.Write).Passes);
        Assert.Equal(leaf | accessed | dirty, tables.Entry(1));
        Assert.Equal(upper | accessed, tables.Entry(4));
    }

    [Theory]
    [InlineData(OracleKind.Read, 0x181UL)]
    [InlineData(OracleKind.Write, 0x182UL)]
    [InlineData(OracleKind.Fetch, 0x184UL)]
    public void AnAbsentEptEntryIsAViolationWithoutRights(object kind, ulong qualification)
    {
        using HandTables tables = new(EntryFormat.Ept);
        tables.Entry(2) = 1UL << 63;
        GpaOutcome outcome = tables.Cpu.Access(0, new GpaAccess((OracleKind)kind));
        Assert.Equal((GpaOutcomeKind.Violation, qualification), (outcome.Kind, outcome.Code));
    }

    [Fact]
    public void AnEptViolationNamesTheRightsOfTheWholePath()
    {
        using HandTables tables = new(EntryFormat.Ept);
        tables.Entry(1) &= ~2UL;
        tables.Entry(3) &= ~4UL;
        Assert.Equal(0x18AUL, tables.Cpu.Access(0, GpaAccess.Write).Code);
        Assert.Equal(0x18CUL, tables.Cpu.Access(0, GpaAccess.Fetch).Code);
    }

    [Theory]
    [InlineData(1, 0x32UL)]
    [InlineData(1, 0x34UL)]
    [InlineData(1, 0x17UL)]
    [InlineData(2, 0x0FUL)]
    [InlineData(4, 0x87UL)]
    [InlineData(1, 0x37UL | (1UL << 46))]
    public void AMalformedEptEntryIsAMisconfiguration(int level, ulong entry)
    {
        using HandTables tables = new(EntryFormat.Ept);
        tables.Entry(level) = (tables.Entry(level) & ~0xFFFUL) | entry;
        Assert.Equal(GpaOutcomeKind.Misconfigured, tables.Cpu.Access(0, GpaAccess.Read).Kind);
    }

    [Fact]
    public void FetchesAloneAreAllowedWhereTheProcessorCan()
    {
        using HandTables tables = new(EntryFormat.Ept, executeOnly: true);
        tables.Entry(1) = Physical | 0x34;
        Assert.True(tables.Cpu.Access(0, GpaAccess.Fetch).Passes);
        tables.Cpu.Tlb.Clear();
        Assert.Equal(GpaOutcomeKind.Violation, tables.Cpu.Access(0, GpaAccess.Read).Kind);
    }

    [Fact]
    public void NestedPageFaultsSayWhatIsWrong()
    {
        using HandTables tables = new(EntryFormat.Npt);
        tables.Entry(1) &= ~2UL;
        Assert.Equal(0x1_0000_0007UL, tables.Cpu.Access(0, GpaAccess.Write).Code);
        Assert.Equal(0x2_0000_0007UL, tables.Cpu.Access(0, new GpaAccess(OracleKind.Read, PageWalk: true)).Code);
        tables.Entry(1) |= 1UL << 51;
        Assert.Equal((GpaOutcomeKind.Misconfigured, 0x1_0000_000DUL), (tables.Cpu.Access(0, GpaAccess.Read).Kind, tables.Cpu.Access(0, GpaAccess.Read).Code));
        tables.Entry(2) = 1UL << 63;
        Assert.Equal(0x1_0000_0014UL, tables.Cpu.Access(0, GpaAccess.Fetch).Code);
    }

    // Guest tables are read as data, but may have to be marked.
    [Fact]
    public void TheGuestsWalksAreWritesWhereTheyMayMark()
    {
        GpaAccess walk = new(OracleKind.Read, PageWalk: true);
        using HandTables marks = new(EntryFormat.Ept);
        marks.Entry(1) &= ~2UL;
        Assert.Equal(0xABUL, marks.Cpu.Access(0, walk).Code);
        using HandTables none = new(EntryFormat.EptNoMarks);
        none.Entry(1) &= ~2UL;
        Assert.True(none.Cpu.Access(0, walk).Passes);
    }

    [Fact]
    public void TheProcessorKeepsWhatItCachedUntilItIsToldToFlush()
    {
        using HandTables tables = new(EntryFormat.Npt);
        Assert.True(tables.Cpu.Access(0, GpaAccess.Read).Passes);
        tables.Entry(1) = 0;
        Assert.True(tables.Cpu.Access(0, GpaAccess.Read).Passes);
        Assert.True(tables.Cpu.Peek(0, GpaAccess.Read, useTlb: true).Passes);
        Assert.False(tables.Cpu.Peek(0, GpaAccess.Read, useTlb: false).Passes);
        tables.Cpu.Flush(new FlushRange(FlushScope.All, default));
        Assert.False(tables.Cpu.Access(0, GpaAccess.Read).Passes);
    }

    [Fact]
    public void HugePagesAreCutFromTheAddress()
    {
        using HandTables tables = new(EntryFormat.Npt);
        tables.Entry(3) = (3UL << 30) | 0x87;
        Assert.Equal((3UL << 30) + 0x12_3456, tables.Cpu.Access(0x12_3456, GpaAccess.Read).Page.PhysicalOf(0x12_3456));
        tables.Entry(3) |= 1UL << 13;
        tables.Cpu.Tlb.Clear();
        Assert.Equal(GpaOutcomeKind.Misconfigured, tables.Cpu.Access(0, GpaAccess.Read).Kind);
    }

    [Fact]
    public void TablesOutsideTheArenaAreNoticed()
    {
        using HandTables tables = new(EntryFormat.Ept);
        tables.Entry(3) = (0x900UL << 12) | 7;
        Assert.Throws<JudgeException>(() => tables.Cpu.Access(0, GpaAccess.Read));
    }
}
