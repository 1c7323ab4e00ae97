// Tdp: puts huge pages in the place of tables of small ones.
using System;
using Mmu.Addressing;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Replaces tables by the huge leaf that maps the same. The entry is frozen until the table's entries are, too, and TLBs are flushed: whoever takes W
/// from small pages meanwhile has done so before the huge one appears, or finds entries that somebody holds and knows that a flush is under way. The
/// huge leaf is not writable at first, so that nothing of what was taken comes back with it; the next write gives W back without the lock.
/// </summary>
internal static class HugePageRecovery<TSpte>
    where TSpte : struct, ISpteFormat
{
    /// <summary>Makes huge what can be in frames [start, end) of a slot. Flushes itself: tables are freed after that. Lock held, shared at least.</summary>
    /// <returns>False: nothing is left to flush.</returns>
    internal static bool Recover(TdpState state, SlotRecord slot, ulong start, ulong end)
    {
        PageHandle root = state.Roots.Of(slot.AddressSpace);
        if (root.IsNone || slot.IsLogged)
        {
            // A logged page is as small as its mark.
            return false;
        }

        // From small to large, so that what became huge can become larger still.
        TdpTally tally = default;
        for (int level = 2; level <= state.Options.HighestPageLevel; level++)
        {
            TdpIterator entries = new(state.Pages, root, start, end, level);
            while (entries.MoveNext())
            {
#if MMU_FAULT_146
                if (entries.Level == level && entries.IsTable && slot.Holds(entries.Gfn))
#else
                if (entries.Level == level && entries.IsTable && slot.Holds(entries.Gfn) && slot.Huge.HighestAllowed(entries.Gfn, level) == level)
#endif
                {
                    RecoverOne(state, slot, ref entries, ref tally);
                }
            }
        }

        state.Count(tally);
        return false;
    }

    private static void RecoverOne(TdpState state, SlotRecord slot, ref TdpIterator entries, ref TdpTally tally)
    {
        int level = entries.Level;
        PageHandle table = state.Pages.ChildOf(entries.Old);
        if (table.IsNone || !TryMakeLeaf(state, slot, entries.Gfn, level, table, out ulong value))
        {
            return;
        }

        // A processor that marks the entry as accessed makes it another; the table is the same.
        ulong old = entries.Old;
        RetireList owed = default;
#if MMU_FAULT_138
        while (!SpteUpdates<TSpte>.TrySet(state, entries.Page, entries.Index, level, ref old, value, ref tally, ref owed))
#else
        while (!SpteUpdates<TSpte>.TrySet(state, entries.Page, entries.Index, level, ref old, Spte.Frozen, ref tally, ref owed))
#endif
        {
            entries.Old = old;
            if (!entries.IsTable || state.Pages.ChildOf(old) != table)
            {
                return;
            }
        }

        SchedulePoint.At(SchedulePointKind.TdpFrozen);
        state.Flush(ref owed);
        SchedulePoint.At(SchedulePointKind.TdpFlushed);
#if !MMU_FAULT_138
        SpteUpdates<TSpte>.Thaw(state, entries.Page, entries.Index, level, value, ref tally);
#endif
        entries.Old = value;
        state.Settle(ref owed);
    }

    // The huge leaf, if what the table maps belongs to one. A slot with frames of its own tells them; else every frame must be mapped. Tables among the
    // entries are not looked into. One page that the host does not let be written makes all of them so: the slow way finds out which.
    private static bool TryMakeLeaf(TdpState state, SlotRecord slot, ulong gfn, int level, PageHandle table, out ulong value)
    {
        ReadOnlySpan<ulong> words = state.Pages.Tables[table].Words;
        ulong step = PageLevel.FramesOf(level - 1);
        ulong frame = slot.IsResolved ? Spte.FrameOf(state.Vm.SpteHost, words[0]) >> 12 : slot.HostFrameOf(gfn);
        bool any = false;
        bool accessed = false;
        bool hostWritable = true;
        value = Spte.Empty;
        for (int i = 0; i < words.Length; i++)
        {
            ulong spte = words[i];
            if (!Spte.IsPresent(spte))
            {
                if (slot.IsResolved)
                {
                    return false;
                }

                continue;
            }

#if MMU_FAULT_143
            if (!Spte.IsLeaf(spte, level - 1))
#else
            if (!Spte.IsLeaf(spte, level - 1) || Spte.FrameOf(state.Vm.SpteHost, spte) >> 12 != frame + ((ulong)i * step))
#endif
            {
                return false;
            }

            any = true;
#if MMU_FAULT_145
            accessed = true;
#else
            accessed |= TSpte.IsAccessed(spte);
#endif
            hostWritable &= TSpte.IsHostWritable(spte);
        }

        if (!any || (frame & (PageLevel.FramesOf(level) - 1)) != 0)
        {
            return false;
        }

        TdpLeaf leaf = new(gfn, frame, level, hostWritable, slot.IsDevice, slot.IsExecuteOnly, accessed);
#if MMU_FAULT_131
        value = LeafMaker<TSpte>.Make(state, leaf, mmuWritable: hostWritable, writable: hostWritable);
#else
        value = LeafMaker<TSpte>.Make(state, leaf, mmuWritable: hostWritable, writable: false);
#endif
        return true;
    }
}
