// Tdp: makes the next write to pages show: write protection and the clearing of dirty bits, for dirty logging.
using System.Numerics;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Takes W, or D, from leaves of a slot beside faults, splits and others of its kind. When a pass is over and TLBs are flushed, each page of it was
/// without W, or D, at some moment since it began.
/// </summary>
/// <remarks>
/// A lost exchange is followed by a look at what is there now, which may be a table that a split made of the leaf. A frozen entry is another's, who
/// leaves nothing writable there, but may still have to flush: the pass asks for a flush itself. Lock held, shared at least.
/// </remarks>
internal static class TdpWriteTracking<TSpte>
    where TSpte : struct, ISpteFormat
{
    /// <summary>
    /// Write-protects leaves of at least a level that map frames [start, end), so that the next write faults; true if TLBs must be flushed.
    /// </summary>
    internal static bool WriteProtect(TdpState state, SlotRecord slot, ulong start, ulong end, int minimumLevel) =>
        ForRange(state, slot, start, end, minimumLevel, clearsDirty: false);

    /// <summary>As <see cref="WriteProtect"/>, for the frames start + n for each bit n of a mask.</summary>
    internal static bool WriteProtectMasked(TdpState state, SlotRecord slot, ulong start, ulong mask) =>
        ForMask(state, slot, start, mask, clearsDirty: false);

    /// <summary>Clears dirty bits of leaves that map frames [start, end); true if TLBs must be flushed.</summary>
    internal static bool ClearDirty(TdpState state, SlotRecord slot, ulong start, ulong end) =>
        ForRange(state, slot, start, end, minimumLevel: 1, clearsDirty: true);

    /// <summary>As <see cref="ClearDirty"/>, for the frames start + n for each bit n of a mask.</summary>
    internal static bool ClearDirtyMasked(TdpState state, SlotRecord slot, ulong start, ulong mask) =>
        ForMask(state, slot, start, mask, clearsDirty: true);

    private static bool ForRange(TdpState state, SlotRecord slot, ulong start, ulong end, int minimumLevel, bool clearsDirty)
    {
        PageHandle root = state.Roots.Of(slot.AddressSpace);
        if (root.IsNone)
        {
            return false;
        }

        TdpTally tally = default;
        bool flush = false;
        TdpIterator entries = new(state.Pages, root, start, end, minimumLevel);
        while (entries.MoveNext())
        {
            // Leaves alone: D of an entry that names a table is no one's (bug 25).
            if (entries.Level == 1)
            {
                flush |= TakeTable(state, ref entries, clearsDirty, ref tally);
            }
            else if (!entries.IsTable)
            {
                ulong old = entries.Old;
                flush |= Take(state.Pages.Tables[entries.Page], entries.Index, entries.Level, ref old, clearsDirty, ref tally);
#if !MMU_FAULT_141
                entries.Old = old;
#endif
            }
        }

        state.Count(tally);
        return flush;
    }

    private static bool ForMask(TdpState state, SlotRecord slot, ulong start, ulong mask, bool clearsDirty)
    {
        PageHandle root = state.Roots.Of(slot.AddressSpace);
        if (root.IsNone)
        {
            return false;
        }

        TdpTally tally = default;
        bool flush = false;
        for (; mask != 0; mask &= mask - 1)
        {
            ulong gpa = (start + (ulong)BitOperations.TrailingZeroCount(mask)) << 12;
            ulong old;
            int level;
            do
            {
                old = TdpWalk.FindLast(state.Pages, root, gpa, out PageHandle page, out level);
                if (IsTable(old, level))
                {
                    state.Corrupt("An entry named a table that is none of ours");
                    return true;
                }

                flush |= Take(state.Pages.Tables[page], PageLevel.IndexOf(gpa, level), level, ref old, clearsDirty, ref tally);
            }
            while (IsTable(old, level));
        }

        state.Count(tally);
        return flush;
    }

    // The entries of a lowest table that are of the range, without the iterator's steps.
    private static bool TakeTable(TdpState state, ref TdpIterator entries, bool clearsDirty, ref TdpTally tally)
    {
        PtPage table = state.Pages.Tables[entries.Page];
        bool flush = false;
        int end = entries.Index + entries.LeftInTable;
        for (int i = entries.Index; i < end; i++)
        {
            ulong old = table.Load(i);
            flush |= Take(table, i, 1, ref old, clearsDirty, ref tally);
        }

        entries.PassTable();
        return flush;
    }

    // After a lost exchange: a split was first, and its table has the leaves now.
    private static bool IsTable(ulong spte, int level) => Spte.IsPresent(spte) && !Spte.IsLeaf(spte, level);

    // True if a flush must follow. Not W but MMU-writable decides where nothing is left to take: another may have taken it, and not have flushed yet
    // (bug 19).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Take(PtPage table, int index, int level, ref ulong old, bool clearsDirty, ref TdpTally tally)
    {
        while (Spte.IsPresent(old) && Spte.IsLeaf(old, level))
        {
            ulong value = clearsDirty ? TSpte.ClearDirty(old) : TSpte.WriteProtect(old, keepMmuWritable: true);
            if (value == old)
            {
#if MMU_FAULT_132
                return false;
#else
                return TSpte.IsMmuWritable(old);
#endif
            }

            SchedulePoint.At(SchedulePointKind.TdpDirtyClear);
            if (SpteUpdates<TSpte>.TryAlter(table, index, ref old, value, ref tally))
            {
                return true;
            }
        }

#if MMU_FAULT_142
        return false;
#else
        return old == Spte.Frozen;
#endif
    }
}
