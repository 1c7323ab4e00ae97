// Private and shared frames of a slot, and the huge pages that they forbid.
using System;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Guest;

public sealed class PrivateFramesTests : IDisposable
{
    private const ulong Huge = 512;
    private const ulong Giant = Huge * 512;
    private readonly PrivateArena _arena = new(64UL << 20);

    public void Dispose() => _arena.Dispose();

    [Fact]
    public void FramesAreSharedAndNothingIsAllocatedUntilSomeArePrivate()
    {
        SlotRecord slot = Make(0, 2 * Giant);
        ulong bytes = slot.Bytes;
        Assert.True(slot.TrySetPrivate(0, 2 * Giant, isPrivate: false));
        Assert.Equal(bytes, slot.Bytes);
        Assert.False(slot.IsPrivate(5));
        Assert.True(slot.TrySetPrivate(5, 6, isPrivate: true));
        Assert.True(slot.Bytes > bytes);
        slot.Release();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 64)]
    [InlineData(63, 65)]
    [InlineData(64, 128)]
    [InlineData(1, 300)]
    [InlineData(700, 777)]
    public void ExactlyTheRangeIsPrivate(ulong from, ulong to)
    {
        const ulong first = 0x1001;
        SlotRecord slot = Make(first, 777);
        Assert.True(slot.TrySetPrivate(first + from, first + to, isPrivate: true));
        for (ulong i = 0; i < 777; i++)
        {
            Assert.Equal(i >= from && i < to, slot.IsPrivate(first + i));
        }

        Assert.False(slot.IsMixed(first + from, first + to));
        Assert.True(slot.IsMixed(first, first + 777));
        slot.Release();
    }

    [Fact]
    public void AMixedRangeIsForbiddenAtItsLevelsOnly()
    {
        SlotRecord slot = Make(0, 2 * Giant);
        Assert.True(slot.TrySetPrivate(Huge, 2 * Huge, isPrivate: true));
        Assert.Equal((2, 2, 3), (slot.Huge.HighestAllowed(0, 3), slot.Huge.HighestAllowed(Huge, 3), slot.Huge.HighestAllowed(Giant, 3)));
        Assert.True(slot.TrySetPrivate(Huge + 400, Huge + 401, isPrivate: false));
        Assert.Equal((2, 1, 3), (slot.Huge.HighestAllowed(0, 3), slot.Huge.HighestAllowed(Huge, 3), slot.Huge.HighestAllowed(Giant, 3)));
        Assert.True(slot.TrySetPrivate(0, Giant, isPrivate: true));
        Assert.Equal((3, 3), (slot.Huge.HighestAllowed(0, 3), slot.Huge.HighestAllowed(Huge, 3)));
        slot.Release();
    }

    // Bug 10: the first 2 MiB and 1 GiB ranges begin below the slot.
    [Fact]
    public void RangesThatReachOverTheSlotsEndsAreNotLookedAt()
    {
        const ulong first = Giant - Huge - 7;
        SlotRecord slot = Make(first, Giant + 20);
        Assert.True(slot.TrySetPrivate(first, first + 9, isPrivate: true));
        Assert.True(slot.TrySetPrivate(first + Giant + 10, first + Giant + 20, isPrivate: true));
        Assert.Equal(1, slot.Huge.HighestAllowed(first, 3));
        Assert.Equal(1, slot.Huge.HighestAllowed(Giant - Huge, 3));
        Assert.Equal(2, slot.Huge.HighestAllowed(Giant, 3));
        Assert.Equal(0UL, slot.Huge.CountReasons(slot, 2));
        Assert.Equal(0UL, slot.Huge.CountReasons(slot, 3));
        slot.Release();
    }

    [Fact]
    public void WithoutRoomForTheBitmapNothingChanges()
    {
        using PrivateArena small = new(1 << 20);
        Assert.True(SlotRecord.TryCreate(1, 0, Slot(0, 1 << 21), small, out SlotRecord slot));
        while (small.TryAllocate(64, out ArenaArray<ulong> _))
        {
        }

        Assert.False(slot.TrySetPrivate(0, 1, isPrivate: true));
        Assert.False(slot.IsPrivate(0));
    }

    private SlotRecord Make(ulong first, ulong frames)
    {
        Assert.True(SlotRecord.TryCreate(1, 0, Slot(first, frames), _arena, out SlotRecord slot));
        return slot;
    }

    // Host frames alike, so that huge pages fit.
    private static MemorySlot Slot(ulong first, ulong frames) =>
        new(new Gpa(first << 12), frames << 12, unchecked((nuint)0x10_0000_0000UL), new Pfn(first), SlotFlags.None);
}
