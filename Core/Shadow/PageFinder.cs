// Shadow: finds or makes the page that shadows a guest table.
using Mmu.Architecture;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>Finds or makes shadow pages, ready to be linked: in step with the guest's table, which cannot change unseen.</summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class PageFinder
{
    private readonly ShadowState _state;

    internal PageFinder(ShadowState state) => _state = state;

    /// <summary>The page for a frame and role. None if the guest's table lies outside memory.</summary>
    internal PageHandle FindOrMake(ShadowVcpu vcpu, ulong gfn, PageRole role, ref ZapList list)
    {
        ShadowPages pages = _state.Pages;
        PageHandle page = pages.Find(gfn, role);
        if (!page.IsNone)
        {
            pages[page].WriteFlood = 0;
#if MMU_FAULT_76
            if (!pages[page].IsInvalid || TryBringInStep(vcpu, page, ref list))
#else
            if (!pages[page].HasUnsync || TryBringInStep(vcpu, page, ref list))
#endif
            {
                pages.Trace(_state.Vm, TracePoint.GetPage, page);
                return page;
            }
        }

        page = role.IsDirect ? Make(vcpu, gfn, role) : MakeIndirect(vcpu, gfn, role, ref list);
        if (!page.IsNone)
        {
            pages.Trace(_state.Vm, TracePoint.GetPage, page, created: true);
        }

        return page;
    }

    // Before it is linked: the guest owes no flush for an entry that becomes present (bug 20).
    private bool TryBringInStep(ShadowVcpu vcpu, PageHandle page, ref ZapList list)
    {
        if (!_state.Pages[page].IsUnsync)
        {
            _state.Syncer.SyncBelow(vcpu, page, ref list);
            return !_state.Pages[page].IsInvalid;
        }

        // It stays unsync: there is no need to make the guest's next store fault.
        if (vcpu.Code!.SyncPage(_state, vcpu, page, ref list))
        {
            return true;
        }

        _state.Zapper.Zap(page, ref list);
        return false;
    }

    private PageHandle MakeIndirect(ShadowVcpu vcpu, ulong gfn, PageRole role, ref ZapList list)
    {
        SlotRecord? slot = _state.Vm.Slots[role.AddressSpace].Find(gfn);
        if (slot is null || slot.IsLeaving)
        {
            return PageHandle.None;
        }

        if (role.Level > 1)
        {
            ZapUnsync(gfn, role.AddressSpace, ref list);
        }

        PageHandle page = Make(vcpu, gfn, role);

        // The table is read only after no processor can write it unseen any more.
        if (_state.Guard.Guard(slot, gfn))
        {
#if MMU_FAULT_97
            list.NeedsFlush = true;
#else
            _state.Vm.Gate.FlushAll();
#endif
        }
        else
        {
            _state.Vm.Gate.FlushPointers();
        }

        return page;
    }

    // A table of an upper level cannot be unsync: whoever shadows the frame as one of the lowest level and lets it be written must go.
    private void ZapUnsync(ulong gfn, int addressSpace, ref ZapList list)
    {
        ShadowPages pages = _state.Pages;
        PageHandle page = pages.NextOfTable(default, addressSpace, gfn);
        while (!page.IsNone)
        {
            PageHandle next = pages.NextOfTable(page, addressSpace, gfn);
            if (pages[page].IsUnsync)
            {
                _state.Zapper.Zap(page, ref list);
            }

            page = next;
        }
    }

    private PageHandle Make(ShadowVcpu vcpu, ulong gfn, PageRole role)
    {
        PageHandle page = vcpu.Pages.Pop();
        _state.Pages.Insert(page, gfn, role);
        _state.Counters.TablesAllocated++;
        return page;
    }
}
