// Tdp: takes tables apart: of roots that were invalidated, or to make room.
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>Takes tables apart that no change of guest memory asks to be.</summary>
internal static class RootZapper<TSpte>
    where TSpte : struct, ISpteFormat
{
    // Some microseconds' work.
    private const int TablesPerCall = 32;

    /// <summary>
    /// Takes some tables of an invalid root apart: the second half of zapping all. No vCPU runs on it and none maps anything into it, so that nothing
    /// is to be flushed and nobody waits; the lock is held shared, for who wants to see the tables at rest. True if there is more to do.
    /// </summary>
    internal static bool ZapSome(TdpState state)
    {
        using MmuReadGuard held = state.Vm.Lock.EnterSharedAsHost();
        PageHandle root = state.Roots.TakeInvalid();
        if (root.IsNone)
        {
            return false;
        }

        TdpTally tally = default;
        int budget = TablesPerCall;
        if (TakeApart(state, root, ref budget, ref tally))
        {
            tally.TablesRemoved++;
#if !MMU_FAULT_147
            state.Roots.Drop(root);
#endif
        }
        else
        {
            state.Roots.ReturnInvalid(root);
        }

        state.Count(tally);
        return state.Roots.HasInvalid;
    }

    /// <summary>
    /// Takes up to so many tables apart that can be made anew; how many it were. Those that map pages first, from where the last call ended. Takes the
    /// lock.
    /// </summary>
    internal static int Shrink(TdpState state, int pages)
    {
        int removed = 0;
        for (int addressSpace = 0; addressSpace < 2 && removed < pages; addressSpace++)
        {
            for (int level = 2; level <= state.Options.Levels && removed < pages; level++)
            {
                using MmuWriteGuard held = state.Vm.Lock.Enter();
                PageHandle root = state.Roots.Of(addressSpace);
                if (!root.IsNone)
                {
                    removed += ShrinkLevel(state, root, level, pages - removed);
                }
            }
        }

        return removed;
    }

    private static int ShrinkLevel(TdpState state, PageHandle root, int level, int pages)
    {
        ulong hand = state.ShrinkHand;
        int removed = RemoveTables(state, root, level, hand, ulong.MaxValue, pages);
        return removed < pages ? removed + RemoveTables(state, root, level, 0, hand, pages - removed) : removed;
    }

    private static int RemoveTables(TdpState state, PageHandle root, int level, ulong start, ulong end, int pages)
    {
        TdpTally tally = default;
        RetireList owed = default;
        int removed = 0;
        TdpIterator entries = new(state.Pages, root, start, end, level);
        while (removed < pages && entries.MoveNext())
        {
            if (entries.Level == level && entries.IsTable && (level == 2 || IsBare(state, entries.Old)))
            {
                _ = SpteUpdates<TSpte>.Set(state, entries.Page, entries.Index, level, Spte.Empty, ref tally, ref owed);
                entries.Old = Spte.Empty;
                removed++;
#if !MMU_FAULT_148
                state.ShrinkHand = entries.Gfn + PageLevel.FramesOf(level);
#endif
            }
        }

        state.Settle(ref owed);
        state.Count(tally);
        return removed;
    }

    // Whether the table that an entry names has nothing in it but entries that a fault makes anew by itself.
    private static bool IsBare(TdpState state, ulong spte)
    {
        foreach (ulong word in state.Pages.Tables[state.Pages.ChildOf(spte)].Words)
        {
            if (Spte.IsPresent(word))
            {
                return false;
            }
        }

        return true;
    }

    // From below: a table goes when it names no other. Its entries stay as they are for walks that are still on their way.
    private static bool TakeApart(TdpState state, PageHandle table, ref int budget, ref TdpTally tally)
    {
        int level = state.Pages[table].Level;
        PtPage words = state.Pages.Tables[table];
        int leaves = 0;
        for (int i = 0; i < TdpPages.EntryCount; i++)
        {
            ulong spte = words.Load(i);
            if (!Spte.IsPresent(spte))
            {
                continue;
            }

            if (Spte.IsLeaf(spte, level))
            {
                leaves++;
                if (level > 1)
                {
                    _ = SpteDoor.Set<TSpte>(words, i, Spte.Empty);
                }

                continue;
            }

            PageHandle child = state.Pages.ChildOf(spte);
            if (budget <= 0 || !TakeApart(state, child, ref budget, ref tally))
            {
                tally.AddPages(level, -leaves);
                return false;
            }

            _ = SpteDoor.Set<TSpte>(words, i, Spte.Empty);
            budget--;
            tally.TablesRemoved++;
            state.Vm.Tables.Retire(child, state.Vm.Epochs);
        }

        tally.AddPages(level, -leaves);
        return true;
    }
}
