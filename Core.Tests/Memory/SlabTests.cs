using System;
using System.Collections.Generic;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class SlabTests
{
    [Fact]
    public void ItemsAreZeroAndDistinctAndNeverZeroth()
    {
        using PrivateArena arena = new(1 << 20);
        using Slab<(ulong First, ulong Second)> slab = new(arena, 100);
        SlabCache cache = default;
        HashSet<uint> seen = [];
        while (slab.TopUp(ref cache, 7))
        {
            while (cache.Count > 0)
            {
                uint item = cache.Pop();
                Assert.InRange(item, 1u, 100u);
                Assert.True(seen.Add(item));
                Assert.Equal((0UL, 0UL), slab[item]);
                slab[item] = (item, ulong.MaxValue);
            }
        }

        // 14 times 7, and the two that were left.
        Assert.Equal(2, cache.Count);
        Assert.Equal(100u, slab.Outstanding);
        foreach (uint item in seen)
        {
            Assert.Equal(((ulong)item, ulong.MaxValue), slab[item]);
            slab.Free(item);
        }

        Assert.Equal(2u, slab.Outstanding);
        slab.Drain(ref cache);
        Assert.Equal(0u, slab.Outstanding);

        Assert.True(slab.TopUp(ref cache, 40));
        Assert.Equal((0UL, 0UL), slab[cache.PeekAt(17)]);
        slab.Drain(ref cache);
        Assert.Equal(0u, slab.Outstanding);
    }

    [Fact]
    public void AnExhaustedSlabLivesOnWhatIsFreed()
    {
        using PrivateArena arena = new(1 << 20);
        using Slab<uint> slab = new(arena, 3);
        SlabCache cache = default;
        Assert.True(slab.TopUp(ref cache, 3));
        uint first = cache.Pop();
        uint second = cache.Pop();
        Assert.False(slab.TopUp(ref cache, 2));
        slab.Free(second);
        slab.Free(first);
        Assert.False(slab.TopUp(ref cache, 4));
        Assert.Equal(3, cache.Count);
        slab.Drain(ref cache);
        Assert.Equal(0u, slab.Outstanding);
    }

    [Fact]
    public void TheMemoryGoesBackToTheArena()
    {
        using PrivateArena arena = new(1 << 20);
        Slab<ulong> slab = new(arena, 1000);
        Assert.Equal(1, arena.OutstandingBlocks);
        slab.Dispose();
        slab.Dispose();
        Assert.Equal(0, arena.OutstandingBlocks);
    }

    [Fact]
    public void BadSizesAreRefused()
    {
        using PrivateArena arena = new(1 << 20);
        _ = Assert.Throws<ArgumentException>(() => new Slab<ushort>(arena, 10));
        _ = Assert.Throws<ArgumentOutOfRangeException>(() => new Slab<ulong>(arena, 0));
        _ = Assert.Throws<InvalidOperationException>(() => new Slab<ulong>(arena, 1 << 20));
        Assert.Equal(0, arena.OutstandingBlocks);
    }
}
