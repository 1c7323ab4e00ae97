// Guest: per 2-MiB and 1-GiB range of a slot, how many reasons there are against mapping it as one page.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Memory;

namespace Mmu.Guest;

/// <summary>
/// Counts of reasons against a huge page, per aligned range. A range that reaches over an end of the slot, or whose host frames are not
/// aligned with its guest frames, has one reason for ever.
/// </summary>
/// <remarks>Guarded by: MmuLock(write). A range outside the slot is never looked up (bug 10): callers ask for frames of the slot.</remarks>
[StructLayout(LayoutKind.Auto)]
internal struct HugePageCounts
{
    // The range holds private and shared memory.
    private const uint Mixed = 1u << 31;

    private const int Lowest = 2;
    private const int Highest = 3;

    private ArenaArray<uint> _level2;
    private ArenaArray<uint> _level3;
    private ulong _baseGfn;

    /// <summary>Bytes held.</summary>
    internal readonly ulong Bytes => _level2.Bytes + _level3.Bytes;

    /// <summary>Makes the counts of a slot; false if the arena has no room.</summary>
    internal static bool TryCreate(SlotRecord slot, PrivateArena arena, out HugePageCounts counts)
    {
        counts = new HugePageCounts { _baseGfn = slot.BaseGfn };
        if (!arena.TryAllocate(slot.EntriesAt(2), out counts._level2))
        {
            return false;
        }

        if (!arena.TryAllocate(slot.EntriesAt(3), out counts._level3))
        {
            arena.Free(counts._level2);
            return false;
        }

        counts.Fill(slot, 2);
        counts.Fill(slot, 3);
        return true;
    }

    internal readonly void Release(PrivateArena arena)
    {
        arena.Free(_level2);
        arena.Free(_level3);
    }

    /// <summary>Reasons against the page of <paramref name="level"/> (2 or 3) that covers a frame of the slot.</summary>
    internal readonly uint this[int level, ulong gfn] => level == 2 ? _level2[IndexOf(2, gfn)] : _level3[IndexOf(3, gfn)];

    /// <summary>Adds a reason against every huge page that covers a frame of the slot.</summary>
    internal readonly void Forbid(ulong gfn)
    {
        _level2[IndexOf(2, gfn)]++;
        _level3[IndexOf(3, gfn)]++;
    }

    /// <summary>Takes such a reason back.</summary>
    internal readonly void Allow(ulong gfn)
    {
        _level2[IndexOf(2, gfn)]--;
        _level3[IndexOf(3, gfn)]--;
    }

    /// <summary>Notes for each range that frames [start, end) of the slot reach into, and that lies in it as a whole, whether it is mixed.</summary>
    internal readonly void SetMixed(SlotRecord slot, ulong start, ulong end)
    {
        for (int level = Lowest; level <= Highest; level++)
        {
            ArenaArray<uint> counts = level == 2 ? _level2 : _level3;
            ulong frames = PageLevel.FramesOf(level);
            for (ulong first = start & ~(frames - 1); first < end; first += frames)
            {
                // Bug 10: the range may begin before the slot.
                if (first < slot.BaseGfn || first + frames > slot.EndGfn)
                {
                    continue;
                }

                ref uint count = ref counts[IndexOf(level, first)];
#if MMU_FAULT_123
                count = slot.IsMixed(first, first + 2) ? count | Mixed : count & ~Mixed;
#elif MMU_FAULT_124
                count |= slot.IsMixed(first, first + frames) ? Mixed : 0;
#else
                count = (level == 2 ? slot.IsMixed(first, first + frames) : IsMixedBelow(slot, first)) ? count | Mixed : count & ~Mixed;
#endif
            }
        }
    }

    /// <summary>The highest level, at most <paramref name="wanted"/>, at which a frame of the slot may be mapped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly int HighestAllowed(ulong gfn, int wanted)
    {
        int level = wanted < Highest ? wanted : Highest;
        while (level >= Lowest && this[level, gfn] != 0)
        {
            level--;
        }

        return level;
    }

    /// <summary>Reasons at a level, those for ever apart: one for each table and tracker in the slot.</summary>
    internal readonly ulong CountReasons(SlotRecord slot, int level)
    {
        ArenaArray<uint> counts = level == 2 ? _level2 : _level3;
        ulong sum = 0;
        for (ulong i = 0; i < counts.Length; i++)
        {
            sum += (counts[i] & ~Mixed) - FixedReasons(slot, level, i);
        }

        return sum;
    }

    // Of 1 GiB: mixed where a part is, or where two parts differ.
    private readonly bool IsMixedBelow(SlotRecord slot, ulong first)
    {
        ulong frames = PageLevel.FramesOf(2);
        bool isPrivate = slot.IsPrivate(first);
        for (ulong gfn = first; gfn < first + PageLevel.FramesOf(3); gfn += frames)
        {
            if ((_level2[IndexOf(2, gfn)] & Mixed) != 0 || slot.IsPrivate(gfn) != isPrivate)
            {
                return true;
            }
        }

        return false;
    }

    private static ulong MaskOf(int level) => PageLevel.FramesOf(level) - 1;

    private readonly ulong IndexOf(int level, ulong gfn) => (gfn >> PageLevel.FrameShiftOf(level)) - (_baseGfn >> PageLevel.FrameShiftOf(level));

    private readonly void Fill(SlotRecord slot, int level)
    {
        ArenaArray<uint> counts = level == 2 ? _level2 : _level3;
#if MMU_FAULT_103
        bool aligned = MaskOf(level) != 0;
#else
        bool aligned = ((slot.BaseGfn ^ slot.HostFrame) & MaskOf(level)) == 0;
#endif
        if (aligned)
        {
            // Only the ends: a large slot is not touched as a whole.
            counts[0] = FixedReasons(slot, level, 0);
            counts[counts.Length - 1] = FixedReasons(slot, level, counts.Length - 1);
            return;
        }

        for (ulong i = 0; i < counts.Length; i++)
        {
            counts[i] = 1;
        }
    }

    // The range must lie in the slot as a whole, and guest and host frames must be aligned alike.
    private readonly uint FixedReasons(SlotRecord slot, int level, ulong range)
    {
        ulong mask = MaskOf(level);
        ulong first = (_baseGfn & ~mask) + (range << PageLevel.FrameShiftOf(level));
#if MMU_FAULT_103
        bool fits = first >= slot.BaseGfn && first + mask < slot.EndGfn;
#elif MMU_FAULT_104
        bool fits = first >= slot.BaseGfn && ((slot.BaseGfn ^ slot.HostFrame) & mask) == 0;
#else
        bool fits = first >= slot.BaseGfn && first + mask < slot.EndGfn && ((slot.BaseGfn ^ slot.HostFrame) & mask) == 0;
#endif
        return fits ? 0u : 1;
    }
}
