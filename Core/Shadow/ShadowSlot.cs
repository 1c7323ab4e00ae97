// Shadow: the rmaps of one slot.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>For each frame of a slot, and each 2-MiB and 1-GiB range, the list of leaves that map it.</summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class ShadowSlot
{
    /// <summary>Levels at which leaves exist.</summary>
    internal const int Levels = 3;

    private readonly ArenaArray<uint>[] _lists = new ArenaArray<uint>[Levels];
    private readonly ulong _baseGfn;
    private readonly ulong _pages;

    private ShadowSlot(SlotRecord record)
    {
        _baseGfn = record.BaseGfn;
        _pages = record.Pages;
    }

    /// <summary>Bytes held.</summary>
    internal ulong Bytes => _lists[0].Bytes + _lists[1].Bytes + _lists[2].Bytes;

    /// <summary>Makes the rmaps of a slot; false if the arena has no room.</summary>
    internal static bool TryCreate(SlotRecord record, PrivateArena arena, out ShadowSlot slot)
    {
        slot = new ShadowSlot(record);
        for (int level = 1; level <= Levels; level++)
        {
            if (!arena.TryAllocate(record.EntriesAt(level), out slot._lists[level - 1]))
            {
                slot.Release(arena);
                return false;
            }
        }

        return true;
    }

    internal void Release(PrivateArena arena)
    {
        foreach (ArenaArray<uint> lists in _lists)
        {
            if (!lists.IsEmpty)
            {
                arena.Free(lists);
            }
        }
    }

    /// <summary>True if the frame is one of the slot's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Holds(ulong gfn) => gfn - _baseGfn < _pages;

    /// <summary>The list of leaves at a level that map a frame of the slot.</summary>
    internal ref uint this[int level, ulong gfn]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _lists[level - 1][IndexOf(level, gfn)];
    }

    /// <summary>The lists at a level of the frames from <paramref name="gfn"/> on.</summary>
    internal Span<uint> Lists(int level, ulong gfn, int count) => _lists[level - 1].Slice(IndexOf(level, gfn), count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong IndexOf(int level, ulong gfn) => (gfn >> PageLevel.FrameShiftOf(level)) - (_baseGfn >> PageLevel.FrameShiftOf(level));
}
