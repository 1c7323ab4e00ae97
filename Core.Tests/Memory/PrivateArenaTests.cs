using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed unsafe class PrivateArenaTests
{
    [Fact]
    public void ArraysStartAtPagesAndAreZero()
    {
        using PrivateArena arena = new(1 << 20);
        ArenaArray<byte> bytes = arena.Allocate<byte>(5000);
        ArenaArray<ulong> words = arena.Allocate<ulong>(512);

        Assert.Equal(0UL, bytes.Start % 4096);
        Assert.Equal(0UL, words.Start % 4096);
        Assert.Equal(5000UL, bytes.Length);
        Assert.Equal(5000UL, bytes.Bytes);
        Assert.Equal(4096UL, words.Bytes);
        Assert.Equal(3UL * 4096, arena.AllocatedBytes);
        Assert.Equal(2, arena.OutstandingBlocks);
        Assert.Equal(-1, bytes.Slice(0, 5000).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, words.Slice(0, 512).IndexOfAnyExcept(0UL));

        words[511] = 7;
        Assert.Equal(7UL, words.Slice(500, 12)[11]);
        arena.Free(bytes);
        arena.Free(words);
        Assert.Equal(0UL, arena.AllocatedBytes);
        Assert.Equal(0, arena.OutstandingBlocks);
    }

    [Fact]
    public void FreedMemoryIsZeroAgain()
    {
        using PrivateArena arena = new(16 * 4096, fence: false, hugePages: false);
        ArenaArray<ulong> array = arena.Allocate<ulong>(16 * 512);
        nuint start = array.Start;
        array.Slice(0, (int)array.Length).Fill(0x55);
        arena.Free(array);

        array = arena.Allocate<ulong>(16 * 512);
        Assert.Equal(start, array.Start);
        Assert.Equal(-1, array.Slice(0, (int)array.Length).IndexOfAnyExcept(0UL));
        arena.Free(array);
    }

    [Fact]
    public void WhatIsWantedAndWhatIsLeftAreSaid()
    {
        using PrivateArena arena = new(8 * 4096);
        ArenaArray<byte> taken = arena.Allocate<byte>(3 * 4096);
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() => arena.Allocate<Triple>(1000));

        Assert.Contains("1000 elements of 24 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("20480 of 32768 bytes left", refusal.Message, StringComparison.Ordinal);
        Assert.False(arena.TryAllocate(ulong.MaxValue, out ArenaArray<Triple> none));
        Assert.True(none.IsEmpty);
        Assert.False(arena.TryAllocate(ulong.MaxValue / 24, out none));
        Assert.Equal(1, arena.OutstandingBlocks);
        arena.Free(taken);
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(1, 0, 2)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 0, 1)]
    [InlineData(2, 1, 0)]
    public void FreeNeighboursBecomeOneRange(int first, int second, int third)
    {
        using PrivateArena arena = new(3 * 4096, fence: false, hugePages: false);
        ArenaArray<byte>[] arrays = [arena.Allocate<byte>(4096), arena.Allocate<byte>(4096), arena.Allocate<byte>(4096)];
        Assert.Equal(0, arena.FreeRangeCount);
        arena.Free(arrays[first]);
        arena.Free(arrays[second]);
        arena.Free(arrays[third]);

        Assert.Equal(1, arena.FreeRangeCount);
        ArenaArray<byte> all = arena.Allocate<byte>(3 * 4096);
        arena.Free(all);
    }

    [Fact]
    public void AnEmptyArrayIsNoBlock()
    {
        using PrivateArena arena = new(4096);
        ArenaArray<ulong> array = arena.Allocate<ulong>(0);
        Assert.True(array.IsEmpty);
        Assert.Equal(0, arena.OutstandingBlocks);
        arena.Free(array);
    }

    [Fact]
    public void AnArrayIsFreedOnce()
    {
        using PrivateArena arena = new(8 * 4096);
        using PrivateArena other = new(8 * 4096);
        ArenaArray<ulong> array = arena.Allocate<ulong>(1);
        _ = Assert.Throws<InvalidOperationException>(() => other.Free(array));
        arena.Free(array);
        _ = Assert.Throws<InvalidOperationException>(() => arena.Free(array));
    }

    [Fact]
    public void ReservingIsNotCommitting()
    {
        // More than any test machine has.
        using PrivateArena arena = new(1UL << 42);
        ArenaArray<ulong> array = arena.Allocate<ulong>(1UL << 38);
        array[(1UL << 38) - 1] = 1;
        Assert.Equal(0UL, array[(1UL << 38) - 2]);
        arena.Free(array);
    }

    [Fact]
    public void BlocksDoNotOverlapWhateverTheOrder()
    {
        const uint ReservedPages = 64;
        using PrivateArena arena = new(ReservedPages * 4096);
        Random random = new(7);
        List<(ArenaArray<uint> Array, uint Mark)> blocks = [];
        for (uint step = 1; step <= 3000; step++)
        {
            if (random.Next(2) == 0 && arena.TryAllocate((ulong)random.Next(1, 12_000), out ArenaArray<uint> array))
            {
                Span<uint> all = array.Slice(0, (int)array.Length);
                Assert.Equal(-1, all.IndexOfAnyExcept(0u));
                all.Fill(step);
                blocks.Add((array, step));
            }
            else if (blocks.Count > 0)
            {
                int at = random.Next(blocks.Count);
                (ArenaArray<uint> freed, uint mark) = blocks[at];
                Assert.Equal(-1, freed.Slice(0, (int)freed.Length).IndexOfAnyExcept(mark));
                arena.Free(freed);
                blocks.RemoveAt(at);
            }

            Assert.Equal(blocks.Count, arena.OutstandingBlocks);
        }

        blocks.ForEach(block => arena.Free(block.Array));
        Assert.Equal(1, arena.FreeRangeCount);
        Assert.Equal(0UL, arena.AllocatedBytes);
    }

    [Fact]
    public void BadSizesAreNamed()
    {
        Assert.Equal("reserveBytes", Assert.Throws<ArgumentOutOfRangeException>(() => new PrivateArena(0)).ParamName);
        Assert.Equal("reserveBytes", Assert.Throws<ArgumentOutOfRangeException>(() => new PrivateArena(ulong.MaxValue)).ParamName);
        _ = Assert.Throws<InvalidOperationException>(() => new PrivateArena(1UL << 60));
    }

    [Fact]
    public void DisposingTwiceIsHarmless()
    {
        PrivateArena arena = new(4096);
        arena.Dispose();
        arena.Dispose();
    }

    [InlineArray(3)]
    private struct Triple
    {
        private ulong _first;
    }
}
