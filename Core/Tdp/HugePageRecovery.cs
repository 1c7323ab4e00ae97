// Tdp: puts huge pages in the place of tables of small ones.
using System;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Replaces tables by the huge leaf that maps the same, with one compare-exchange. The leaf is never writable at once: somebody may take W from one
/// of the small leaves meanwhile, to notice its next write, and that write must still fault. It gives W back without the lock.
/// </summary>
internal static class HugePageRecovery<TSpte>
    where TSpte : struct, ISpteFormat
{
    /// <summary>Makes huge what can be in frames [start, end) of a slot. Flushes itself: tables are freed after that. Lock held, shared at least.</summary>
    /// <returns>False: nothing is left to flush.</returns>
    internal static bool Recover(TdpState state, SlotRecord slot, ulong start, ulong end)
    {
        PageHandle root = state.Roots.Of(slot.AddressSpace);
        if (root.IsNone)
        {
            return false;
        }

        // From small to large, so that what became huge can become larger still.
        TdpTally tally = default;
        for (int level = 2; level <= state.Options.HighestPageLevel; level++)
        {
            TdpIterator entries = new(state.Pages, root, start, end, level);
            while (entries.MoveNext())
            {
                if (entries.Level == level && entries.IsTable && slot.Holds(entries.Gfn) && slot.Huge.HighestAllowed(entries.Gfn, level) == level)
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
        if (table.IsNone || !TryFrameOf(state, slot, entries.Gfn, level, table, out ulong frame))
        {
            return;
        }

        TdpLeaf leaf = new(
            entries.Gfn, frame, level, HostWritable: IsHostWritable(state, table), slot.IsDevice, slot.IsExecuteOnly, Accessed: true);
#if MMU_FAULT_131
        ulong value = LeafMaker<TSpte>.Make(state, leaf, mmuWritable: leaf.HostWritable, writable: leaf.HostWritable);
#else
        ulong value = LeafMaker<TSpte>.Make(state, leaf, mmuWritable: leaf.HostWritable, writable: false);
#endif
        ulong old = entries.Old;
        RetireList owed = default;
        if (SpteUpdates<TSpte>.TrySet(state, entries.Page, entries.Index, level, ref old, value, ref tally, ref owed))
        {
            state.Settle(ref owed);
        }

        entries.Old = old;
    }

    // The first host frame of the huge page, if what the table maps belongs to one. A slot with frames of its own tells them; else every frame must
    // be mapped. Tables among the entries are not looked into.
    private static bool TryFrameOf(TdpState state, SlotRecord slot, ulong gfn, int level, PageHandle table, out ulong frame)
    {
        ReadOnlySpan<ulong> words = state.Pages.Tables[table].Words;
        ulong step = PageLevel.FramesOf(level - 1);
        frame = slot.IsResolved ? Spte.FrameOf(state.Vm.SpteHost, words[0]) >> 12 : slot.HostFrameOf(gfn);
        bool any = false;
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

            if (!Spte.IsLeaf(spte, level - 1) || Spte.FrameOf(state.Vm.SpteHost, spte) >> 12 != frame + ((ulong)i * step))
            {
                return false;
            }

            any = true;
        }

        return any && (frame & (PageLevel.FramesOf(level) - 1)) == 0;
    }

    // One page that the host does not let be written makes all of them so: the slow way finds out which.
    private static bool IsHostWritable(TdpState state, PageHandle table)
    {
        foreach (ulong spte in state.Pages.Tables[table].Words)
        {
            if (Spte.IsPresent(spte) && !TSpte.IsHostWritable(spte))
            {
                return false;
            }
        }

        return true;
    }
}
