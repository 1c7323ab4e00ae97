// Shadow: keeps the guest from changing a shadowed table unseen.
using System.Threading;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>
/// Decides which frames may be writable. A frame with a shadowed table may be only if every table in it is of the lowest level, which then
/// becomes unsync.
/// </summary>
/// <remarks>Guarded by: MmuLock(write), unless said otherwise.</remarks>
internal sealed class TableGuard
{
    private readonly Lock _unsyncLock = new();
    private readonly VmCore _vm;
    private readonly ShadowPages _pages;
    private readonly Rmaps _rmaps;
    private readonly LeafLists _leaves;
    private readonly UnsyncMarks _marks;
    private readonly ShadowCounters _counters;

    internal TableGuard(VmCore vm, ShadowPages pages, Rmaps rmaps, LeafLists leaves, UnsyncMarks marks, ShadowCounters counters)
    {
        _vm = vm;
        _pages = pages;
        _rmaps = rmaps;
        _leaves = leaves;
        _marks = marks;
        _counters = counters;
    }

    /// <summary>
    /// A new page shadows the table in a frame of a slot: no huge page may cover it, and nothing may write it unseen. True if TLBs must be
    /// flushed before the table is read.
    /// </summary>
    internal bool Guard(SlotRecord slot, ulong gfn)
    {
#if !MMU_FAULT_86
        slot.Huge.Forbid(gfn);
#endif
        slot.SetGuarded(gfn, guarded: true);
        return WriteProtect(slot, gfn);
    }

    /// <summary>Takes write access to a frame from every leaf; true if TLBs must be flushed.</summary>
    internal bool WriteProtect(SlotRecord slot, ulong gfn)
    {
        ShadowSlot lists = _rmaps.Of(slot);
        bool flush = false;
        for (int level = 1; level <= ShadowSlot.Levels; level++)
        {
            flush |= _leaves.WriteProtect(lists[level, gfn], keepMmuWritable: false);
        }

        // The frame may be mapped by tables that are not ours.
        return (_vm.ProtectElsewhere?.Invoke(slot, gfn) ?? false) | flush;
    }

    /// <summary>May a frame of a slot become writable?</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="gfn">The frame.</param>
    /// <param name="canUnsync">False for mappings that no access asked for: they must not make tables unsync.</param>
    internal WritableAnswer AllowWritable(SlotRecord slot, ulong gfn, bool canUnsync) =>
        slot.IsGuarded(gfn) ? AllowGuarded(slot, gfn, canUnsync) : WritableAnswer.Yes;

    /// <summary>May a frame become writable in another engine's tables? Called with the lock held shared, by several at once.</summary>
    internal WritableAnswer AllowWritableElsewhere(SlotRecord slot, ulong gfn)
    {
        // Pages become unsync under this lock or the exclusive one, and are brought in step under the latter alone.
        lock (_unsyncLock)
        {
            return AllowWritable(slot, gfn, canUnsync: true);
        }
    }

    /// <summary>
    /// May a frame become writable while pages are brought in step? Not if it has a table, not even an unsync one: that one may be in step
    /// next, after its frame was write-protected already.
    /// </summary>
    internal bool AllowWritableInSync(SlotRecord slot, ulong gfn) =>
        !slot.IsGuarded(gfn) || (!slot.IsTracked(gfn) && Next(default, slot, gfn).IsNone);

    /// <summary>True if a frame has a table that must be kept from being written: one that is in step.</summary>
    internal bool IsInStep(SlotRecord slot, ulong gfn)
    {
        PageHandle page = default;
        do
        {
            page = Next(page, slot, gfn);
        }
        while (!page.IsNone && _pages[page].IsUnsync);
        return !page.IsNone;
    }

    private WritableAnswer AllowGuarded(SlotRecord slot, ulong gfn, bool canUnsync)
    {
        if (slot.IsTracked(gfn))
        {
            return WritableAnswer.Denied;
        }

        // All tables first: none becomes unsync if one of them forbids it.
        bool found = false;
        bool unsyncs = false;
        for (PageHandle page = Next(default, slot, gfn); !page.IsNone; page = Next(page, slot, gfn))
        {
            ref ShadowPage header = ref _pages[page];
#if MMU_FAULT_80
            if (!header.IsUnsync && !canUnsync)
#else
            if (header.Role.Level > 1 || (!header.IsUnsync && !canUnsync))
#endif
            {
                return WritableAnswer.Denied;
            }

            found = true;
            unsyncs |= !header.IsUnsync;
        }

        if (!unsyncs)
        {
            return found ? WritableAnswer.Unsynced : WritableAnswer.Yes;
        }

        for (PageHandle page = Next(default, slot, gfn); !page.IsNone; page = Next(page, slot, gfn))
        {
            if (!_pages[page].IsUnsync)
            {
                _counters.Unsyncs++;
                _counters.UnsyncTables++;
                _marks.MarkUnsync(page);
                _pages.Trace(_vm, TracePoint.UnsyncPage, page);
            }
        }

        return WritableAnswer.Unsynced;
    }

    // Obsolete pages are walked by no processor any more: they need not be kept in step.
    private PageHandle Next(PageHandle page, SlotRecord slot, ulong gfn)
    {
        do
        {
            page = _pages.NextOfTable(page, slot.AddressSpace, gfn);
        }
        while (!page.IsNone && _pages.IsObsolete(_pages[page]));
        return page;
    }
}
