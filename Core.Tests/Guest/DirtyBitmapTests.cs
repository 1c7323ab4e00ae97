// The hierarchical bitmap against a plain set, alone and with many setters at once; and what a harvest costs, in words.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using CsCheck;
using Mmu.Guest;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Guest;

public sealed class DirtyBitmapTests : IDisposable
{
    private readonly PrivateArena _arena = new(64UL << 20);

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(300_000)]
    public void ItHoldsWhatASetHolds(int pages)
    {
        DirtyBitmap bitmap = Create((ulong)pages);
        HashSet<ulong> model = [];
        Gen<(int Kind, int A, int B)> commands = Gen.Select(Gen.Int[0, 9], Gen.Int[0, pages - 1], Gen.Int[0, pages - 1]);
        commands.Array[100].Sample(
            batch =>
            {
                foreach ((int kind, int a, int b) in batch)
                {
                    if (kind < 7)
                    {
                        Assert.Equal(model.Add((ulong)a), bitmap.Set((ulong)a));
                    }
                    else if (kind == 7)
                    {
                        ulong bits = bitmap.ClearWord((ulong)a >> 6, ulong.MaxValue);
                        Assert.Equal(model.RemoveWhere(page => page >> 6 == (ulong)a >> 6), System.Numerics.BitOperations.PopCount(bits));
                    }
                    else
                    {
                        ulong from = (ulong)Math.Min(a, b) >> 6;
                        ulong to = ((ulong)Math.Max(a, b) >> 6) + 1;
                        List<ulong> taken = Take(bitmap, from, to);
                        List<ulong> expected = [.. model.Where(page => page >> 6 >= from && page >> 6 < to).Order()];
                        Assert.Equal(expected, taken);
                        model.ExceptWith(expected);
                    }
                }
            },
            iter: 30,
            threads: 1);
        Assert.Equal(model.Order(), Take(bitmap, 0, bitmap.Words));
        Assert.Empty(Take(bitmap, 0, bitmap.Words));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(64 * 64)]
    [InlineData(262_145)]
    public void AllSetAreExactlyAllPages(int pages)
    {
        DirtyBitmap bitmap = Create((ulong)pages);
        bitmap.SetAll();
        Assert.Equal(Enumerable.Range(0, pages).Select(page => (ulong)page), Take(bitmap, 0, bitmap.Words));
        Assert.Empty(Take(bitmap, 0, bitmap.Words));
    }

    [Fact]
    public void AHarvestVisitsWhatIsDirtyAndTheWayThere()
    {
        const ulong Pages = 1 << 20;
        DirtyBitmap bitmap = Create(Pages);
        Assert.InRange(Cost(bitmap, 0), 1UL, 4UL);

        // One page: the word, and a word of each of three levels above it, a few times each.
        Assert.InRange(Cost(bitmap, 1), 1UL, 30UL);

        // A hundred pages far apart cost a hundred times that, and a hundred pages in one word no more than one.
        Assert.InRange(Cost(bitmap, 100), 100UL, 2000UL);
        ulong before = bitmap.WordsVisited;
        for (ulong page = 0; page < 64; page++)
        {
            _ = bitmap.Set(page);
        }

        Assert.Equal(64, Take(bitmap, 0, bitmap.Words).Count);
        Assert.InRange(bitmap.WordsVisited - before, 1UL, 30UL);
    }

    [Fact]
    public async Task NoBitIsLostBetweenSettersAndATaker()
    {
        const int Pages = 70_000;
        const int Setters = 2;
        DirtyBitmap bitmap = Create(Pages);
        int[] set = new int[Pages];
        int[] seen = new int[Pages];
        using CancellationTokenSource stop = new();
        Task[] setters = [.. Enumerable.Range(0, Setters).Select(id => Task.Run(() =>
        {
            Random random = new(id);
            while (!stop.IsCancellationRequested)
            {
                // A page's number is its setter's alone; the bit must be taken after the last time it was written.
                int page = (random.Next(700) * 100) + id;
                _ = Interlocked.Increment(ref set[page]);
                _ = bitmap.Set((ulong)page);
            }
        }, TestContext.Current.CancellationToken))];
        for (int i = 0; i < 2000; i++)
        {
            Look();
            _ = Thread.Yield();
        }

        await stop.CancelAsync();
        await Task.WhenAll(setters);
        Look();
        Assert.Equal(set, seen);

        void Look()
        {
            foreach (ulong page in Take(bitmap, 0, bitmap.Words))
            {
                seen[page] = Volatile.Read(ref set[page]);
            }
        }
    }

    public void Dispose() => _arena.Dispose();

    private static ulong Cost(DirtyBitmap bitmap, int dirty)
    {
        for (int i = 0; i < dirty; i++)
        {
            _ = bitmap.Set((ulong)i * 10_007 % (1 << 20));
        }

        ulong before = bitmap.WordsVisited;
        List<ulong> taken = Take(bitmap, 0, bitmap.Words);
        Assert.Equal(dirty, taken.Count);
        return bitmap.WordsVisited - before;
    }

    private static List<ulong> Take(DirtyBitmap bitmap, ulong from, ulong to)
    {
        List<ulong> pages = [];
        Span<ulong> block = stackalloc ulong[DirtyBitmap.BlockWords];
        for (ulong word = from; bitmap.TryTakeBlock(ref word, to, block); word += DirtyBitmap.BlockWords)
        {
            for (int i = 0; i < block.Length; i++)
            {
                for (ulong left = block[i]; left != 0; left &= left - 1)
                {
                    pages.Add(((word + (ulong)i) << 6) + (ulong)System.Numerics.BitOperations.TrailingZeroCount(left));
                }
            }
        }

        return pages;
    }

    private DirtyBitmap Create(ulong pages)
    {
        Assert.True(DirtyBitmap.TryCreate(_arena, pages, out DirtyBitmap bitmap));
        return bitmap;
    }
}
