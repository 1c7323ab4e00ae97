// Tdp: what the host changes about ranges of guest frames.
using System;
using Mmu.Addressing;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Unmapping, the protection of single frames and accessed bits, by range of a slot. Only the root in force is looked at: no vCPU runs on another
/// once it was invalidated (<see cref="TdpMmu.ZapAll"/>).
/// </summary>
internal static class TdpRanges<TSpte>
    where TSpte : struct, ISpteFormat
{
    /// <summary>
    /// Removes every mapping of frames [start, end); a huge page that reaches into them goes as a whole, and so does a table that maps nothing else.
    /// True if TLBs must be flushed. Lock held exclusively.
    /// </summary>
    internal static bool Unmap(TdpState state, SlotRecord slot, ulong start, ulong end)
    {
        TdpTally tally = default;
        RetireList owed = default;
        Remove(state, new SlotRange(slot, start, end), ref tally, ref owed);
        return Finish(state, tally, ref owed);
    }

    /// <summary>As <see cref="Unmap"/>, for several ranges; flushes once, itself. Lock held exclusively.</summary>
    internal static void Zap(TdpState state, ReadOnlySpan<SlotRange> ranges)
    {
        TdpTally tally = default;
        RetireList owed = default;
        foreach (SlotRange range in ranges)
        {
            Remove(state, range, ref tally, ref owed);
        }

        state.Count(tally);
        state.Settle(ref owed);
    }

    private static void Remove(TdpState state, in SlotRange range, ref TdpTally tally, ref RetireList owed)
    {
        PageHandle root = state.Roots.Of(range.Slot.AddressSpace);
        if (root.IsNone)
        {
            return;
        }

        (ulong start, ulong end) = (range.Start, range.End);
        TdpIterator entries = new(state.Pages, root, start, end, minimumLevel: 1);
        while (entries.MoveNext())
        {
            bool whole = entries.Gfn >= start && entries.Gfn + PageLevel.FramesOf(entries.Level) <= end;
#if MMU_FAULT_149
            if ((entries.IsLeaf || entries.IsTable) && whole)
#else
            if (entries.IsLeaf || (entries.IsTable && whole))
#endif
            {
                _ = SpteUpdates<TSpte>.Set(state, entries.Page, entries.Index, entries.Level, Spte.Empty, ref tally, ref owed);
                entries.Old = Spte.Empty;
            }
        }
    }

    /// <summary>Takes all write access from one frame; true if TLBs must be flushed. Lock held exclusively.</summary>
    internal static bool WriteProtectFrame(TdpState state, SlotRecord slot, ulong gfn)
    {
        PageHandle root = state.Roots.Of(slot.AddressSpace);
        if (root.IsNone)
        {
            return false;
        }

        ulong old = TdpWalk.FindLast(state.Pages, root, gfn << 12, out PageHandle page, out int level);
        if (!Spte.IsPresent(old) || !Spte.IsLeaf(old, level))
        {
            return false;
        }

        TdpTally tally = default;
        RetireList owed = default;
        ulong value = TSpte.WriteProtect(old, keepMmuWritable: false);
        if (value != old)
        {
            // The processor may add bits meanwhile: they are gone with the flush, as D is of no use for a frame whose writes are noticed.
            _ = SpteUpdates<TSpte>.Set(state, page, PageLevel.IndexOf(gfn << 12, level), level, value, ref tally, ref owed);
        }

        return Finish(state, tally, ref owed);
    }

    /// <summary>Makes the next access to each page show; true if one was accessed. Nothing is flushed. Lock held, shared at least.</summary>
    internal static bool Age(TdpState state, SlotRecord slot, ulong start, ulong end)
    {
        PageHandle root = state.Roots.Of(slot.AddressSpace);
        if (root.IsNone)
        {
            return false;
        }

        TdpTally tally = default;
        bool young = false;
        TdpIterator entries = new(state.Pages, root, start, end, minimumLevel: 1);
        while (entries.MoveNext())
        {
            if (!entries.IsLeaf)
            {
                continue;
            }

            // Where a split is first, the way goes on into its table.
            PtPage table = state.Pages.Tables[entries.Page];
            ulong old = entries.Old;
            while (Spte.IsPresent(old) && Spte.IsLeaf(old, entries.Level) && TSpte.IsAccessed(old))
            {
                SchedulePoint.At(SchedulePointKind.TdpAge);
                if (SpteUpdates<TSpte>.TryAlter(table, entries.Index, ref old, TSpte.ClearAccessed(old), ref tally))
                {
                    young = true;
                    break;
                }
            }

            entries.Old = old;
        }

        state.Count(tally);
        return young;
    }

    /// <summary>True if a page of frames [start, end) was accessed. Lock held, shared at least.</summary>
    internal static bool TestAge(TdpState state, SlotRecord slot, ulong start, ulong end)
    {
        PageHandle root = state.Roots.Of(slot.AddressSpace);
        if (root.IsNone)
        {
            return false;
        }

        TdpIterator entries = new(state.Pages, root, start, end, minimumLevel: 1);
        while (entries.MoveNext())
        {
            if (entries.IsLeaf && TSpte.IsAccessed(entries.Old))
            {
                return true;
            }
        }

        return false;
    }

    // Pages go back after the flush, so where some were removed it is made here.
    private static bool Finish(TdpState state, in TdpTally tally, ref RetireList owed)
    {
        state.Count(tally);
        if (owed.First.IsNone)
        {
            return owed.NeedsFlush;
        }

        state.Settle(ref owed);
        return false;
    }
}
