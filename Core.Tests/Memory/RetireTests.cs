using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class RetireTests
{
    [Fact]
    public void ARetiredPageIsReusedOnlyWhenItsReadersAreGone()
    {
        using ArenaFixture fixture = new(pages: 2);
        TableArena arena = fixture.Arena;
        PageHandle page = fixture.Take();
        PtPage seen = arena[page];
        seen.Store(5, 0x77);

        // A reader, parked inside, that found the page before it was unlinked.
        _ = fixture.Epochs.Enter(3);
        arena.Retire(page, fixture.Epochs);
        PageCache cache = default;

        Assert.Equal(0, arena.Reclaim(fixture.Epochs));
        Assert.False(arena.TopUp(ref cache, 1));
        Assert.Equal(0x77UL, seen.Load(5));
        Assert.Equal(1u, arena.RetiredPages);
        Assert.Equal(0u, arena.OutstandingPages);
        Assert.Equal(0u, arena.FreePages);

        fixture.Epochs.Exit(3);
        Assert.Equal(1, arena.Reclaim(fixture.Epochs));
        Assert.Equal(1u, arena.FreePages);
        Assert.Equal(page, fixture.Take());
        arena.Free(page);
    }

    [Fact]
    public void ReadersThatCameLaterHoldNothingBack()
    {
        using ArenaFixture fixture = new();
        PageHandle page = fixture.Take();
        fixture.Arena.Retire(page, fixture.Epochs);
        Assert.Equal(1, fixture.Arena.Reclaim(fixture.Epochs));

        // The reclaim started a new epoch: what is retired from here on waits for this reader, what was before does not.
        _ = fixture.Epochs.Enter(0);
        PageHandle next = fixture.Take();
        fixture.Arena.Retire(next, fixture.Epochs);
        Assert.Equal(0, fixture.Arena.Reclaim(fixture.Epochs));
        fixture.Epochs.Exit(0);
        _ = fixture.Epochs.Enter(0);
        Assert.Equal(1, fixture.Arena.Reclaim(fixture.Epochs));
        fixture.Epochs.Exit(0);
    }

    [Fact]
    public void PagesBecomeFreeInTheOrderOfTheirRetirement()
    {
        using ArenaFixture fixture = new();
        PageHandle first = fixture.Take();
        PageHandle second = fixture.Take();
        PageHandle third = fixture.Take();

        fixture.Arena.Retire(second, fixture.Epochs);
        _ = fixture.Epochs.Advance();
        _ = fixture.Epochs.Enter(0);
        fixture.Arena.Retire(first, fixture.Epochs);
        fixture.Arena.Retire(third, fixture.Epochs);

        Assert.Equal(1, fixture.Arena.Reclaim(fixture.Epochs));
        Assert.Equal(second, fixture.Take());
        fixture.Epochs.Exit(0);
        Assert.Equal(2, fixture.Arena.Reclaim(fixture.Epochs));
        fixture.Arena.Free(second);
    }

    [Fact]
    public void ATopUpReclaimsByItself()
    {
        using ArenaFixture fixture = new(pages: 4);
        PageCache cache = default;
        for (int round = 0; round < 10; round++)
        {
            Assert.True(fixture.Arena.TopUp(ref cache, 3));
            while (cache.Count > 0)
            {
                fixture.Arena.Retire(cache.Pop(), fixture.Epochs);
            }
        }
    }

    [Fact]
    public void ATopUpUsesPagesAgainBeforeItTouchesNewOnes()
    {
        using ArenaFixture fixture = new(pages: 1000);
        for (int round = 0; round < 100; round++)
        {
            PageHandle page = fixture.Take();
            Assert.InRange(page.Index, 1u, 2u);
            fixture.Arena.Retire(page, fixture.Epochs);
        }
    }

    [Fact]
    public void ATopUpBoundsWhatItReclaims()
    {
        using ArenaFixture fixture = new(pages: 300);
        PageCache cache = default;
        _ = fixture.Epochs.Enter(0);
        for (int page = 0; page < 200; page++)
        {
            Assert.True(fixture.Arena.TopUp(ref cache, 1));
            fixture.Arena.Retire(cache.Pop(), fixture.Epochs);
        }

        fixture.Epochs.Exit(0);
        Assert.Equal(200u, fixture.Arena.RetiredPages);
        PageHandle one = fixture.Take();
        Assert.InRange(200u - fixture.Arena.RetiredPages, 1u, 64u);
        fixture.Arena.Free(one);
    }
}
