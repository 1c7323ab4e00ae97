// Shadow: makes room by taking the oldest pages apart.
using System.Runtime.CompilerServices;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>Keeps the number of pages within the quota, and takes apart what became obsolete.</summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class Reclaimer
{
    /// <summary>A fault starts only with so many pages below the quota.</summary>
    internal const uint MinimumFree = 6;

    /// <summary>So many are made free when it would not.</summary>
    internal const uint Refill = 25;

    private const int ObsoleteBatch = 10;

    private readonly ShadowState _state;

    internal Reclaimer(ShadowState state) => _state = state;

    /// <summary>Makes room for a fault; false if all that is left is in use as a root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool EnsureRoom(ref ZapList list) => _state.Pages.Used + MinimumFree <= _state.Vm.TableQuota || MakeRoom(ref list);

    /// <summary>Takes apart up to so many pages, the oldest first, none that is a root in use; how many.</summary>
    internal int ZapOldest(int count, ref ZapList list)
    {
        int zapped = 0;
        PageHandle page = _state.Pages.Oldest;
        while (!page.IsNone && zapped < count)
        {
            var newer = new PageHandle(_state.Pages[page].Newer);
#if MMU_FAULT_73 || MMU_FAULT_87
            if (zapped < count)
#else
            if (_state.Pages[page].RootCount == 0)
#endif
            {
                _state.Zapper.Zap(page, ref list);
                zapped++;
            }

            page = newer;
        }

        _state.Counters.TablesRecycled += (ulong)zapped;
        return zapped;
    }

    /// <summary>Takes apart a few obsolete pages; true if there are more. They are the oldest: new ones come after them.</summary>
    internal bool ZapObsolete(ref ZapList list)
    {
        PageHandle page = _state.Pages.Oldest;
        for (int i = 0; i < ObsoleteBatch && !page.IsNone && _state.Pages.IsObsolete(_state.Pages[page]); i++)
        {
            var newer = new PageHandle(_state.Pages[page].Newer);
            _state.Zapper.Zap(page, ref list);
            page = newer;
        }

        return !page.IsNone && _state.Pages.IsObsolete(_state.Pages[page]);
    }

    private bool MakeRoom(ref ZapList list)
    {
        _ = ZapOldest((int)(_state.Pages.Used + Refill - _state.Vm.TableQuota), ref list);
        _state.Zapper.Commit(ref list);
        return _state.Pages.Used + MinimumFree <= _state.Vm.TableQuota;
    }
}
