// Tdp: splits huge pages of a range under load.
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Splits huge pages beside faults. Pages for the new tables are taken while the lock is not held; it is let go for that, and where somebody wants
/// it, with nothing owed and only after progress (bug 25).
/// </summary>
internal static class HugePageSplitter<TSpte>
    where TSpte : struct, ISpteFormat
{
    private const int Reserve = 32;

    /// <summary>Splits what maps frames [start, end) down to a level; false if memory ran out half-way. Takes the lock itself.</summary>
    internal static bool Split(TdpState state, SlotRecord slot, ulong start, ulong end, int targetLevel)
    {
        PageCache cache = default;
        TdpTally tally = default;
        bool done = SplitWith(state, slot, start, end, targetLevel, ref cache, ref tally);
        state.Vm.Tables.Drain(ref cache);
        state.Count(tally);
        return done;
    }

    private static bool SplitWith(TdpState state, SlotRecord slot, ulong start, ulong end, int targetLevel, ref PageCache cache, ref TdpTally tally)
    {
        MmuReadGuard held = state.Vm.Lock.EnterSharedAsHost();
        try
        {
            PageHandle root = state.Roots.Of(slot.AddressSpace);
            if (root.IsNone)
            {
                return true;
            }

            TdpIterator entries = new(state.Pages, root, start, end, targetLevel + 1);
            while (entries.MoveNext())
            {
                bool isHuge = entries.IsLeaf && entries.Level > targetLevel;
                if ((isHuge && cache.Count == 0) || (state.Vm.Lock.IsWanted && entries.HasProgressed))
                {
                    held.Dispose();
                    held = default;
                    SchedulePoint.At(SchedulePointKind.TdpYield);
                    _ = state.Vm.Tables.TopUp(ref cache, Reserve);
                    held = state.Vm.Lock.EnterSharedAsHost();
                    if (state.Roots.Of(slot.AddressSpace) != root)
                    {
                        // All was zapped meanwhile: nothing huge is left of what there was.
                        return true;
                    }

                    if (cache.Count == 0 && isHuge)
                    {
                        return false;
                    }

                    entries.Restart();
                    continue;
                }

                if (isHuge)
                {
                    SplitOne(state, ref entries, ref cache, ref tally);
                }
            }

            return true;
        }
        finally
        {
            held.Dispose();
        }
    }

    private static void SplitOne(TdpState state, ref TdpIterator entries, ref PageCache cache, ref TdpTally tally)
    {
        PageHandle child = cache.Pop();
        ulong old = entries.Old;
        if (!LeafSplitter<TSpte>.TrySplit(state, child, entries.Page, entries.Index, entries.Level, entries.Gfn, ref old, ref tally))
        {
            // Another changed it: it is met again as it is now.
            state.Vm.Tables.Free(child);
            entries.Restart();
            return;
        }

        entries.Old = old;
    }
}
