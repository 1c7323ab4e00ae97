// Tdp: makes a table of smaller leaves out of a huge one.
using Mmu.Diagnostics;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>Replaces a huge leaf by a table of leaves that map alike. The lock is held, shared at least.</summary>
internal static class LeafSplitter<TSpte>
    where TSpte : struct, ISpteFormat
{
    /// <summary>Splits the leaf; false if the entry is no longer <paramref name="old"/>, which then is what stands there.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="child">A fresh page; the caller keeps it if nothing was split, but filled.</param>
    /// <param name="page">The page of the leaf.</param>
    /// <param name="index">Its index.</param>
    /// <param name="level">Its level.</param>
    /// <param name="gfn">The first frame it maps.</param>
    /// <param name="old">The leaf; afterwards the entry that names the table.</param>
    /// <param name="tally">Counts.</param>
    internal static bool TrySplit(TdpState state, PageHandle child, PageHandle page, int index, int level, ulong gfn, ref ulong old, ref TdpTally tally)
    {
        PtPage words = state.Pages.Tables[child];
        ulong leaf = old;
        bool executable = state.Vm.NxHugePages && level == 2;
        for (int i = 0; i < TdpPages.EntryCount; i++)
        {
            SpteDoor.Fill<TSpte>(words, i, TSpte.SplitChild(state.Vm.SpteHost, old, level, i, executable));
        }

        state.Pages[child] = TdpPage.Table(gfn, level - 1, page, index);
        SchedulePoint.At(SchedulePointKind.TdpSplitLink);

        // What TLBs know of the huge page is as true as before: nothing is to be flushed.
        RetireList owed = default;
        ulong table = TSpte.MakeNonLeaf(state.Vm.SpteHost, state.Pages.Tables.FrameOf(child).Value << 12);
        if (!SpteUpdates<TSpte>.TrySet(state, page, index, level, ref old, table, ref tally, ref owed))
        {
            return false;
        }

        state.Vm.Trace?.Write(TracePoint.SplitHugePage, gfn, leaf, (ulong)level);
        tally.TablesMade++;
        tally.AddPages(level - 1, TdpPages.EntryCount);
        return true;
    }
}
