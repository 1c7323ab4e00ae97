using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed unsafe class TableArenaTests
{
    [Fact]
    public void FreshPagesHoldTheEmptyEntry()
    {
        using ArenaFixture fixture = new();
        PageHandle page = fixture.Take();

        Assert.Equal(-1, fixture.Arena[page].Words.IndexOfAnyExcept(ArenaFixture.Empty));
        fixture.Arena.Free(page);
    }

    [Fact]
    public void ReusedPagesHoldTheEmptyEntryAgain()
    {
        using ArenaFixture fixture = new(pages: 2);
        PageHandle page = fixture.Take();
        fixture.Arena[page].Fill(0x123);
        fixture.Arena.Free(page);

        PageHandle again = fixture.Take();
        Assert.Equal(page, again);
        Assert.Equal(-1, fixture.Arena[again].Words.IndexOfAnyExcept(ArenaFixture.Empty));
        fixture.Arena.Free(again);
    }

    [Fact]
    public void ThePageBeforeAllOthersIsTheDummyRootAndNeverHandedOut()
    {
        using ArenaFixture fixture = new(pages: 4);
        ReadOnlySpan<ulong> dummy = new((void*)fixture.Arena.HostAddress, PtPage.WordCount);
        Assert.Equal(-1, dummy.IndexOfAnyExcept(ArenaFixture.Empty));
        Assert.Equal(ArenaFixture.FirstFrame, fixture.Arena.FrameOf(PageHandle.None));

        PageCache cache = default;
        Assert.False(fixture.Arena.TopUp(ref cache, 4));
        Assert.Equal(3, cache.Count);
        while (cache.Count > 0)
        {
            PageHandle page = cache.Pop();
            Assert.False(page.IsNone);
            fixture.Arena[page].Fill(7);
            fixture.Arena.Free(page);
        }

        Assert.Equal(-1, dummy.IndexOfAnyExcept(ArenaFixture.Empty));
    }

    [Fact]
    public void AnEmptyArenaLeavesWhatItHadInTheCache()
    {
        using ArenaFixture fixture = new(pages: 11);
        PageCache cache = default;

        Assert.False(fixture.Arena.TopUp(ref cache, 30));
        Assert.Equal(10, cache.Count);
        Assert.Equal(0u, fixture.Arena.FreePages);
        Assert.Equal(10u, fixture.Arena.OutstandingPages);
        Assert.True(fixture.Arena.TopUp(ref cache, 10));
        fixture.Arena.Drain(ref cache);
        Assert.Equal(0, cache.Count);
        Assert.Equal(10u, fixture.Arena.FreePages);
        Assert.True(fixture.Arena.TopUp(ref cache, 10));
        fixture.Arena.Drain(ref cache);
    }

    [Fact]
    public void NoPageIsHandedOutTwice()
    {
        using ArenaFixture fixture = new(pages: PageCache.Capacity + 1);
        PageCache cache = default;
        Assert.True(fixture.Arena.TopUp(ref cache, PageCache.Capacity));
        HashSet<uint> seen = [];
        for (int i = 0; i < PageCache.Capacity; i++)
        {
            Assert.True(seen.Add(cache.PeekAt(i).Index));
        }

        fixture.Arena.Drain(ref cache);
    }

    [Fact]
    public void FramesFollowPagesBothWays()
    {
        using ArenaFixture fixture = new(pages: 8, paeRootPages: 2, firstFrame: new Pfn(0x1000));
        PageHandle page = fixture.Take();
        ulong frame = fixture.Arena.FrameOf(page).Value;

        Assert.Equal(0x1000 + (ulong)page.Index, frame);
        Assert.True(fixture.Arena.TryPageOf(frame, out PageHandle found));
        Assert.Equal(page, found);

        // The dummy root and both root pages are no table pages, nor is anything outside.
        List<ulong> expected = [0x1003, 0x1004, 0x1005, 0x1006, 0x1007];
        Assert.Equal(expected, PagesAmong(fixture.Arena, 0xFF0, 0x1010));
        Assert.False(fixture.Arena.TryPageOf(0, out _));
        Assert.False(fixture.Arena.TryPageOf(ulong.MaxValue, out _));
        Assert.False(fixture.Arena.TryPageOf(frame + (1UL << 32), out found));
        Assert.True(found.IsNone);
        fixture.Arena.Free(page);
    }

    [Fact]
    public void FramesFollowTheAddressUnlessTheyAreGiven()
    {
        using TableArena arena = new(TableBacking.Own(), 8, null, 0, 0);
        Assert.Equal((ulong)arena.HostAddress >> 12, arena.FirstFrame.Value);
        Assert.Equal(0UL, arena.HostAddress % 4096);

        // So that the frames can serve PAE roots; the host's frames are made up, but PAE guests can then be run without being told any.
        Assert.True(arena.HostAddress < 1u << 31);
    }

    [Fact]
    public void WordsAreStoredLoadedAndExchanged()
    {
        using ArenaFixture fixture = new();
        PageHandle page = fixture.Take();
        PtPage words = fixture.Arena[page];

        words.Store(511, 42);
        Assert.Equal(42UL, words.Load(511));
        Assert.Equal(42UL, words.Exchange(511, 43));
        Assert.False(words.TryReplace(511, 42, 44));
        Assert.True(words.TryReplace(511, 43, 44));
        Assert.Equal(44UL, fixture.Arena[page].Words[511]);
        Assert.Equal(44UL, *(ulong*)(fixture.Arena.HostAddress + ((nuint)page.Index * 4096) + (511 * 8)));
        fixture.Arena.Free(page);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData((1u << 22) + 1)]
    public void PageCountsOutsideTheLimitsAreRefusedByName(uint pages)
    {
        ArgumentOutOfRangeException refusal =
            Assert.Throws<ArgumentOutOfRangeException>(() => new TableArena(TableBacking.Own(), pages, null, 0, 0));

        Assert.Equal("pageCount", refusal.ParamName);
        Assert.Contains("4194304", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheLargestArenaFits()
    {
        using TableArena arena = new(TableBacking.Own(), TableArena.MaxPages, new Pfn(0x4_0000_0000), 0, 0);
        PageCache cache = default;
        Assert.True(arena.TopUp(ref cache, 1));
        Assert.Equal(TableArena.MaxPages - 2, arena.FreePages);
        arena.Drain(ref cache);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(7)]
    [InlineData(8)]
    public void PaeRootPagesMustLeaveATablePage(int paeRootPages) =>
        Assert.Equal(
            "paeRootPages",
            Assert.Throws<ArgumentOutOfRangeException>(() => new TableArena(TableBacking.Own(), 8, null, 0, paeRootPages)).ParamName);

    [Fact]
    public void FramesStayWithinPhysicalAddresses()
    {
        Pfn tooHigh = new((1UL << 40) - 7);
        Assert.Equal(
            "firstFrame",
            Assert.Throws<ArgumentOutOfRangeException>(() => new TableArena(TableBacking.Own(), 8, tooHigh, 0, 0)).ParamName);
        using TableArena arena = new(TableBacking.Own(), 8, new Pfn((1UL << 40) - 8), 0, 0);
        Assert.False(arena.HasLowRoots);
    }

    [Fact]
    public void DisposingTwiceIsHarmless()
    {
        TableArena arena = new(TableBacking.Own(), 8, null, 0, 0);
        nuint address = arena.HostAddress;
        Assert.NotNull(MemoryMaps.PermissionsOf(address));
        arena.Dispose();
        arena.Dispose();
        Assert.NotEqual(address, arena.HostAddress);
        Assert.Null(MemoryMaps.PermissionsOf(arena.HostAddress));
    }

    private static List<ulong> PagesAmong(TableArena arena, ulong from, ulong to)
    {
        List<ulong> pages = [];
        for (ulong frame = from; frame < to; frame++)
        {
            if (arena.TryPageOf(frame, out _))
            {
                pages.Add(frame);
            }
        }

        return pages;
    }
}
