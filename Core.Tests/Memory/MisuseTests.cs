// Asserts exist under MMU_ASSERT only.
#if MMU_ASSERT
using System;
using System.Diagnostics;
using Mmu.Addressing;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed unsafe class MisuseTests
{
    private readonly EpochDomain _epochs = new(2);

    [Fact]
    public void AHandleUsedAfterReclaimIsNamedSo()
    {
        using ArenaFixture fixture = new();
        PageHandle page = fixture.Take();
        PtPage words = fixture.Arena[page];
        fixture.Arena.Retire(page, fixture.Epochs);
        _ = fixture.Arena.Reclaim(fixture.Epochs);

        Says("used after epoch reclaim", () => _ = fixture.Arena[page]);
        Says("used after epoch reclaim", () => _ = words.Load(0));
        Says("used after epoch reclaim", () => _ = words.TryReplace(0, 1, 2));
        Says("used after epoch reclaim", () => _ = words.Words.Length);

        // Handed out anew the page is somebody else's.
        PageHandle again = fixture.Take();
        Assert.Equal(page, again);
        fixture.Arena[again].Store(0, 1);
        Says("used after epoch reclaim", () => _ = words.Load(0));
        fixture.Arena.Free(again);
    }

    [Fact]
    public void ARetiredPageCanBeReadAndReplacedButNotStoredTo()
    {
        using ArenaFixture fixture = new();
        PageHandle page = fixture.Take();
        PtPage words = fixture.Arena[page];
        words.Store(0, 5);
        fixture.Arena.Retire(page, fixture.Epochs);

        Assert.Equal(5UL, fixture.Arena[page].Load(0));
        Assert.False(words.TryReplace(0, 4, 6));
        Says("written after it was retired", () => words.Store(0, 6));
        Says("written after it was retired", () => _ = words.Exchange(0, 6));
        Says("written after it was retired", () => words.Fill(6));
    }

    [Fact]
    public void APageGoesBackOnce()
    {
        using ArenaFixture fixture = new();
        PageHandle freed = fixture.Take();
        PageHandle retired = fixture.Take();
        fixture.Arena.Free(freed);
        fixture.Arena.Retire(retired, fixture.Epochs);

        Says("given back twice", () => fixture.Arena.Free(freed));
        Says("given back twice", () => fixture.Arena.Retire(freed, fixture.Epochs));
        Says("retired twice", () => fixture.Arena.Retire(retired, fixture.Epochs));
        Says("retired twice", () => fixture.Arena.Free(retired));
    }

    [Fact]
    public void AUsedPageDoesNotBelongInACache()
    {
        using ArenaFixture fixture = new();
        PageCache cache = default;
        Assert.True(fixture.Arena.TopUp(ref cache, 1));
        fixture.Arena[cache.PeekAt(0)].Store(0, 1);

        Assert.Throws<UnreachableException>(() => fixture.Arena.Drain(ref cache));
        fixture.Arena.Free(cache.PeekAt(0));
    }

    [Fact]
    public void NoPageAndNoSuchWordAreNamed()
    {
        using ArenaFixture fixture = new();
        PageHandle page = fixture.Take();

        Says("names none", () => _ = fixture.Arena[PageHandle.None]);
        Says("No such table page", () => _ = fixture.Arena[new PageHandle(16)]);
        Says("No such table page", () => _ = fixture.Arena.FrameOf(new PageHandle(16)));
        Says("No such word", () => fixture.Arena[page].Store(512, 1));
        Says("No such word", () => _ = fixture.Arena[page].Load(-1));
        fixture.Arena.Free(page);
    }

    [Fact]
    public void AnEmptyCacheSaysThatItWasNotToppedUp()
    {
        PageCache pages = default;
        SlabCache items = default;
        Says("not topped up", () => _ = pages.Pop());
        Says("not topped up", () => _ = items.Pop());
    }

    [Fact]
    public void FreedPagesArePoisonedAndWatched()
    {
        using TableArena arena = new(TableBacking.Own(), 2, null, 0, 0);
        PageCache cache = default;
        Assert.True(arena.TopUp(ref cache, 1));
        arena.Drain(ref cache);
        ulong* words = (ulong*)(arena.HostAddress + 4096);
        Assert.Equal(-1, new ReadOnlySpan<ulong>(words, PtPage.WordCount).IndexOfAnyExcept(PageWatch.Poison));

        words[17] = 0;
        Says("written after it was freed", () => _ = arena.TopUp(ref cache, 1));
    }

    [Fact]
    public void AnArenaIsNotUsedAfterItWasDisposedOf()
    {
        TableArena arena = new(TableBacking.Own(), 4, null, 0, 0);
        PageCache cache = default;
        Assert.True(arena.TopUp(ref cache, 1));
        PtPage words = arena[cache.PeekAt(0)];
        arena.Dispose();

        Says("disposed", () => _ = arena[cache.PeekAt(0)]);
        Says("disposed", () => _ = words.Load(0));
        Says("disposed", () => _ = arena.TopUp(ref cache, 2));
    }

    [Fact]
    public void ReadersDoNotNestAndLeaveOnlyWhatTheyEntered()
    {
        Says("left without", () => _epochs.Exit(0));
        _ = _epochs.Enter(0);
        Says("entered twice", () => _ = _epochs.Enter(0));
        Says("No such reader", () => _ = _epochs.Enter(2));
        _epochs.Exit(0);
    }

    [Fact]
    public void OneArenaHasOneEpochDomain()
    {
        using ArenaFixture fixture = new();
        PageHandle first = fixture.Take();
        PageHandle second = fixture.Take();
        fixture.Arena.Retire(first, fixture.Epochs);

        Says("two epoch domains", () => fixture.Arena.Retire(second, _epochs));
        Says("foreign epoch domain", () => _ = fixture.Arena.Reclaim(_epochs));
        fixture.Arena.Free(second);
    }

    [Fact]
    public void FreedRootsAreWatched()
    {
        using ArenaFixture fixture = new(pages: 4, paeRootPages: 1, firstFrame: new Pfn(0x1000));
        Assert.True(fixture.Arena.TryAllocatePaeRoot(out PaeRoot root));
        Says("No such entry", () => _ = fixture.Arena.Load(root, 4));
        fixture.Arena.FreePaeRoot(root);
        Says("after it was freed", () => _ = fixture.Arena.Load(root, 0));
        Says("after it was freed", () => fixture.Arena.FreePaeRoot(root));
        Says("No such PAE root", () => _ = fixture.Arena.Load(PaeRoot.None, 0));
    }

    [Fact]
    public void IndexesOfArraysAndSlabsAreChecked()
    {
        using PrivateArena arena = new(1 << 20);
        ArenaArray<uint> array = arena.Allocate<uint>(10);
        Says("past the end", () => _ = array[10]);
        Says("past the end", () => _ = array.Slice(8, 3).Length);
        arena.Free(array);

        using Slab<ulong> slab = new(arena, 4);
        SlabCache cache = default;
        Assert.True(slab.TopUp(ref cache, 1));
        uint item = cache.Pop();
        Says("names none", () => _ = slab[0]);
        Says("No such slab item", () => _ = slab[5]);
        Says("never taken", () => _ = slab[item + 1]);
        slab.Free(item);
        Says("used after it was freed", () => _ = slab[item]);
        Says("freed twice", () => slab.Free(item));
    }

    private static void Says(string words, Action action) =>
        Assert.Contains(words, Assert.Throws<UnreachableException>(action).Message, StringComparison.Ordinal);
}
#endif
