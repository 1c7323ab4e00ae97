// Tdp: the one way an entry changes, and the bookkeeping of every change.
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Addressing;
using Mmu.Diagnostics;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Changes entries of the TDP MMU's tables. Each change is seen by <see cref="Changed"/> as (level, old, new, shared or exclusive), which counts
/// pages, takes apart the table that an entry no longer names, and notes what is owed.
/// </summary>
internal static class SpteUpdates<TSpte>
    where TSpte : struct, ISpteFormat
{
    /// <summary>
    /// Replaces an entry if it still is <paramref name="old"/>; else false, and <paramref name="old"/> is what stands there. The lock is held,
    /// shared at least.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TrySet(
        TdpState state, PageHandle page, int index, int level, ref ulong old, ulong value, ref TdpTally tally, ref RetireList owed)
    {
        PtPage table = state.Pages.Tables[page];
        if (!SpteDoor.TrySet<TSpte>(table, index, old, value, out SpteChange change))
        {
            old = table.Load(index);
            return false;
        }

        old = value;
        Changed(state, page, index, level, change, shared: true, ref tally, ref owed);
        return true;
    }

    /// <summary>
    /// As <see cref="TrySet"/> for a leaf that goes on mapping what it maps, with other rights or marks: no page comes or goes. What TLBs may still know
    /// is the caller's to say.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryAlter(PtPage table, int index, ref ulong old, ulong value, ref TdpTally tally)
    {
        MmuAssert.That(((old ^ value) & Spte.FrameMask) == 0 && Spte.IsPresent(value), "An altered leaf maps something else", value);
        if (!SpteDoor.TrySet<TSpte>(table, index, old, value, out _))
        {
            old = table.Load(index);
            return false;
        }

        old = value;
        tally.SpteStores++;
        return true;
    }

    /// <summary>Replaces an entry, whatever it is. The lock is held exclusively.</summary>
    /// <returns>What stood there.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Set(TdpState state, PageHandle page, int index, int level, ulong value, ref TdpTally tally, ref RetireList owed)
    {
        SpteChange change = SpteDoor.Set<TSpte>(state.Pages.Tables[page], index, value);
        Changed(state, page, index, level, change, shared: false, ref tally, ref owed);
        return change.Old;
    }

    /// <summary>
    /// Empties an entry beside others: freezes it, flushes, and only then gives it free, so that nobody maps anything else there while a TLB has
    /// what was there. False if the entry is no longer <paramref name="old"/>. The lock is held shared.
    /// </summary>
    internal static bool TryZap(TdpState state, PageHandle page, int index, int level, ref ulong old, ref TdpTally tally)
    {
        RetireList owed = default;
        if (!TrySet(state, page, index, level, ref old, Spte.Frozen, ref tally, ref owed))
        {
            return false;
        }

        SchedulePoint.At(SchedulePointKind.TdpFrozen);
#if !MMU_FAULT_130
        state.Settle(ref owed);
#endif
        SchedulePoint.At(SchedulePointKind.TdpFlushed);
        Thaw(state, page, index, level, Spte.Empty, ref tally);
        old = Spte.Empty;
        return true;
    }

    /// <summary>Gives an entry free that the caller froze, with what is to stand there.</summary>
    internal static void Thaw(TdpState state, PageHandle page, int index, int level, ulong value, ref TdpTally tally)
    {
        RetireList owed = default;
        SpteChange change = SpteDoor.Set<TSpte>(state.Pages.Tables[page], index, value);
        MmuAssert.That(change.Old == Spte.Frozen, "An entry was given free that nobody held", change.Old);
        Changed(state, page, index, level, change, shared: true, ref tally, ref owed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Changed(
        TdpState state, PageHandle page, int index, int level, in SpteChange change, bool shared, ref TdpTally tally, ref RetireList owed)
    {
        tally.SpteStores++;
        if (state.Vm.Trace is { } trace)
        {
            Trace(trace, state, page, index, level, change);
        }

        owed.NeedsFlush |= change.NeedsFlush;
        if (Spte.IsPresent(change.Old) && ((change.Old ^ change.New) & Spte.SamePlace) == 0)
        {
            // The same page or table with other rights.
            return;
        }

        if (Spte.IsPresent(change.Old))
        {
            Replaced(state, level, change, shared, ref tally, ref owed);
        }

        if (Spte.IsPresent(change.New) && Spte.IsLeaf(change.New, level))
        {
            tally.AddPages(level, 1);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Trace(TraceRing trace, TdpState state, PageHandle page, int index, int level, in SpteChange change)
    {
        PageHandle root = page;
        while (!state.Pages[root].IsRoot)
        {
            root = state.Pages[root].Parent.Page;
        }

        ulong gfn = state.Pages[page].Gfn + ((ulong)(uint)index << PageLevel.FrameShiftOf(level));
        trace.Write(TracePoint.TdpSpteChanged, (ulong)state.Pages[root].AddressSpace, gfn, (ulong)level, change.Old, change.New);
    }

    private static void Replaced(TdpState state, int level, in SpteChange change, bool shared, ref TdpTally tally, ref RetireList owed)
    {
        bool moved = Spte.FrameOf(state.Vm.SpteHost, change.Old) != Spte.FrameOf(state.Vm.SpteHost, change.New);
        bool names = Spte.IsPresent(change.New);
        if (!Spte.IsLeaf(change.Old, level))
        {
            if (!names || moved)
            {
                RemoveTable(state, state.Pages.ChildOf(change.Old), level - 1, shared, ref tally, ref owed);
            }

            return;
        }

        tally.AddPages(level, -1);
        if (names && moved && Spte.IsLeaf(change.New, level))
        {
            // Another frame must be preceded by a flush: two processors would see two of them at once.
            state.Corrupt("A leaf was made to map another frame without a flush between");
        }
    }

    // Depth is bounded by the levels. Beside others every entry is frozen, so that none of them puts anything into a table that nobody can reach
    // any more; who holds the lock alone needs no such thing, and lockless faults only give rights back.
    private static void RemoveTable(TdpState state, PageHandle table, int level, bool shared, ref TdpTally tally, ref RetireList owed)
    {
        if (table.IsNone || level < 1)
        {
            state.Corrupt("An entry named a table that is none of ours");
            return;
        }

        tally.TablesRemoved++;
        PtPage words = state.Pages.Tables[table];
        int leaves = 0;
        for (int i = 0; i < TdpPages.EntryCount; i++)
        {
            ulong old = shared ? Freeze(words, i) : words.Load(i);
            if (!Spte.IsPresent(old))
            {
                continue;
            }

            if (Spte.IsLeaf(old, level))
            {
                leaves++;
            }
            else
            {
                RemoveTable(state, state.Pages.ChildOf(old), level - 1, shared, ref tally, ref owed);
            }
        }

        if (leaves != 0)
        {
            tally.AddPages(level, -leaves);
        }

        state.Pages[table].Next = owed.First.Index;
        owed.First = table;
    }

    // Who holds an entry frozen gives it free before long: it waits for no one who waits for us.
    private static ulong Freeze(PtPage words, int index)
    {
        SpinWait spin = default;
        while (true)
        {
            ulong old = words.Exchange(index, Spte.Frozen);
            if (old != Spte.Frozen)
            {
                return old;
            }

            spin.SpinOnce();
        }
    }
}
