// Shadow: checks the invariants over all shadow pages.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>
/// Checks that what is kept twice agrees: leaves and rmaps, links and parents, marks, accounts, lists. Slow; for tests and for finding out
/// what is wrong. Lock held. Reports the first violation.
/// </summary>
internal sealed class ShadowAudit
{
    private readonly ShadowState _state;
    private readonly ShadowVcpu?[] _vcpus;
    private string? _broken;
    private ulong _leaves;
    private ulong _links;
    private uint _listed;

    internal ShadowAudit(ShadowState state, ShadowVcpu?[] vcpus)
    {
        _state = state;
        _vcpus = vcpus;
    }

    private ShadowPages Pages => _state.Pages;

    /// <summary>The first violation; null if there is none.</summary>
    internal string? Run()
    {
        if (_state.Vm.IsDead)
        {
            return "the VM is dead";
        }

        PageHandle older = PageHandle.None;
        for (PageHandle page = Pages.Oldest; !page.IsNone && _broken is null; page = new PageHandle(Pages[page].Newer))
        {
            Check(Pages[page].Older == older.Index, page, "its link to the older page is wrong");
            older = page;
            _listed++;
            CheckPage(page, Pages[page]);
        }

        if (_broken is null)
        {
            CheckRoots();
            CheckSlots();
        }

        return _broken;
    }

    private void Check(bool holds, PageHandle page, string what) =>
        _broken ??= holds ? null : $"page {page.Index} (gfn 0x{Pages[page].Gfn:x}, {Pages[page].Role}): {what}";

    private void Check(bool holds, PageHandle page, [InterpolatedStringHandlerArgument(nameof(holds))] AuditMessage what)
    {
        if (!holds)
        {
            Check(holds, page, what.ToStringAndClear());
        }
    }

    private void CheckPage(PageHandle page, in ShadowPage header)
    {
        Check(!header.IsInvalid, page, "it is invalid but still in the list (invariant 7)");
        Check(!header.IsUnsync || (header.Role.Level == 1 && !header.Role.IsDirect), page, "it is unsync but no lowest guest table (invariant 4)");
        Check(Pages.IsObsolete(header) || Pages.Find(header.Gfn, header.Role) == page, page, "the hash finds another page for its key");
        foreach (SpteRef parent in _state.Refs.Of(header.Parents))
        {
            _links++;
            ulong spte = Pages.Tables[parent.Page].Load(parent.Index);
            Check(
                Spte.IsPresent(spte) && !Spte.IsLeaf(spte, Pages[parent.Page].Role.Level) && TableOf(spte) == page,
                page,
                $"its parent {parent.Page.Index}[{parent.Index}] does not name it (invariant 1)");
        }

        if (!header.Role.IsDirect)
        {
            SlotRecord? slot = _state.Vm.Slots[header.Role.AddressSpace].Find(header.Gfn);
            Check(slot is not null, page, "its guest table is in no slot (invariant 8)");
            Check(slot is null || slot.IsGuarded(header.Gfn), page, "its guest table is not guarded (invariant 5)");
        }

        CheckEntries(page, header);
    }

    private void CheckEntries(PageHandle page, in ShadowPage header)
    {
        int used = 0;
        int marked = 0;
        for (int i = 0; i < ShadowPages.EntryCount && _broken is null; i++)
        {
            ulong spte = Pages.Tables[page].Load(i);
            bool mark = (Pages.UnsyncBitsOf(page)[i >> 6] & (1UL << (i & 63))) != 0;
            marked += mark ? 1 : 0;
            used += Spte.IsEmpty(spte) ? 0 : 1;
            if (!Spte.IsPresent(spte))
            {
                Check(!mark, page, $"entry {i} is marked but names nothing (invariant 4)");
                CheckNotPresent(page, header, i, spte);
            }
            else if (Spte.IsLeaf(spte, header.Role.Level))
            {
                Check(!mark, page, $"entry {i} is marked but is a leaf (invariant 4)");
                _leaves++;
                CheckLeaf(page, header, i, spte);
            }
            else
            {
                CheckLink(page, header, i, spte, mark);
            }
        }

        Check(used == header.Entries, page, $"it has {used} entries but counts {header.Entries}");
        Check(marked == header.UnsyncChildren, page, $"{marked} entries are marked but it counts {header.UnsyncChildren} (invariant 4)");
    }

    private void CheckNotPresent(PageHandle page, in ShadowPage header, int index, ulong spte)
    {
        bool mmio = !Spte.IsEmpty(spte) && AnySpte.IsMmio(header.Role, _state.Vm.SpteHost, spte);
        Check(Spte.IsEmpty(spte) || mmio, page, $"entry {index} is 0x{spte:x}: neither empty nor present nor MMIO");
        Check(!Spte.IsEmpty(spte) || header.Role.IsDirect || Pages.Translation(page, index) == 0, page, $"entry {index} is empty but has a translation");
        if (mmio && !Pages.IsObsolete(header) && AnySpte.MmioGeneration(header.Role, spte) == _state.Vm.SlotGeneration)
        {
            ulong gfn = AnySpte.MmioGfn(header.Role, _state.Vm.SpteHost, spte);
            SlotRecord? slot = _state.Vm.Slots[header.Role.AddressSpace].Find(gfn);
            Check(slot is null, page, $"entry {index} says MMIO for frame 0x{gfn:x}, which is in a slot (invariant 12)");
        }
    }

    private void CheckLeaf(PageHandle page, in ShadowPage header, int index, ulong spte)
    {
        int level = header.Role.Level;
        Check(!header.Role.IsPassthrough, page, $"entry {index} above the guest's root maps a page (invariant 2)");
        ulong gfn = Pages.GfnOfEntry(page, header, index);
        ulong frame = Spte.FrameOf(_state.Vm.SpteHost, spte) >> 12;
        ulong mask = PageLevel.FramesOf(level) - 1;
        Check(((gfn | frame) & mask) == 0, page, $"entry {index} maps unaligned frames (invariant 6)");
        Check(AnySpte.IsMmuWritable(header.Role, spte) || !AnySpte.IsWritable(header.Role, spte), page, $"entry {index} has W without MMU-writable (invariant 3)");
        Check(AnySpte.IsHostWritable(header.Role, spte) || !AnySpte.IsMmuWritable(header.Role, spte), page, $"entry {index} has MMU-writable without host-writable (invariant 3)");
        SlotRecord? slot = _state.Vm.Slots[header.Role.AddressSpace].Find(gfn);
        if (slot is null)
        {
            Check(false, page, $"entry {index} maps frame 0x{gfn:x}, which is in no slot (invariant 8)");
            return;
        }

        Check(slot.IsResolved || frame == slot.HostFrameOf(gfn), page, $"entry {index} maps another host frame than the slot has");
        Check(!slot.IsReadOnly || !AnySpte.IsHostWritable(header.Role, spte), page, $"entry {index} is writable in a read-only slot");
        bool found = false;
        foreach (SpteRef leaf in _state.Refs.Of(_state.Rmaps.Of(slot)[level, gfn]))
        {
            found |= leaf == new SpteRef(page, index);
        }

        Check(found, page, $"entry {index} is not in the rmap of frame 0x{gfn:x} (invariant 1)");
        if (AnySpte.IsWritable(header.Role, spte) && !Pages.IsObsolete(header) && slot.DirtyLog is { } log)
        {
            CheckMarked(page, index, log, gfn, gfn + mask);
        }

        if (AnySpte.IsMmuWritable(header.Role, spte) && !Pages.IsObsolete(header))
        {
            CheckWritable(page, index, slot, gfn, gfn + mask);
        }
    }

    // Invariant 9: what can be written unnoticed counts as written already.
    private void CheckMarked(PageHandle page, int index, DirtyLog log, ulong first, ulong last)
    {
        for (ulong gfn = first; gfn <= last && _broken is null; gfn++)
        {
            Check(log.IsMarked(gfn), page, $"entry {index} may write frame 0x{gfn:x}, which is not marked in the dirty log (invariant 9)");
        }
    }

    // Writable, or to be made so without a look: then no frame of it has a table that must be in step.
    private void CheckWritable(PageHandle page, int index, SlotRecord slot, ulong first, ulong last)
    {
        for (ulong gfn = first; slot.TryNextGuarded(gfn, last + 1, out ulong found); gfn = found + 1)
        {
            Check(!slot.IsTracked(found), page, $"entry {index} may write the tracked frame 0x{found:x} (invariant 3)");
            for (PageHandle table = Pages.NextOfTable(default, slot.AddressSpace, found); !table.IsNone; table = Pages.NextOfTable(table, slot.AddressSpace, found))
            {
                Check(Pages[table].IsUnsync || Pages.IsObsolete(Pages[table]), page, $"entry {index} may write frame 0x{found:x}, a table in step (invariant 3)");
            }
        }
    }

    private void CheckLink(PageHandle page, in ShadowPage header, int index, ulong spte, bool mark)
    {
        PageHandle child = TableOf(spte);
        if (child.IsNone)
        {
            Check(false, page, $"entry {index} names no page of the arena");
            return;
        }

        _links--;
        ref ShadowPage below = ref Pages[child];
        Check(below.Role.Level == header.Role.Level - 1 && below.Role.ReadsLike(header.Role), page, $"entry {index} names a table of another role (invariant 2)");
        Check(!below.IsInvalid && (Pages.IsObsolete(header) || !Pages.IsObsolete(below)), page, $"entry {index} names an invalid or obsolete table (invariant 2)");
        Check(
            header.Role.IsPassthrough
                ? index < header.Role.PassthroughEntries && below.Gfn == header.Gfn && below.Role == header.Role.BelowPassthrough(index)
                : !header.Role.IsDirect || (below.Role.IsDirect && below.Gfn == Pages.GfnOfEntry(page, header, index)),
            page,
            $"entry {index} of a direct table names another range (invariant 2)");
        Check(mark == below.HasUnsync, page, $"entry {index} is {(mark ? "" : "not ")}marked, unlike what is below it (invariant 4)");
    }

    private PageHandle TableOf(ulong spte) =>
        Pages.Tables.TryPageOf(Spte.FrameOf(_state.Vm.SpteHost, spte) >> 12, out PageHandle page) ? page : PageHandle.None;

    private void CheckRoots()
    {
        int invalidRoots = 0;
        foreach (ShadowVcpu? vcpu in _vcpus)
        {
            foreach (RootEntry root in vcpu is null ? [] : (ReadOnlySpan<RootEntry>)[.. vcpu.Linear.Roots.Any, .. vcpu.Nested.Roots.Any])
            {
                for (int i = 0; root.IsLoaded && i < root.Count; i++)
                {
                    PageHandle page = root.Tables[i];
                    if (!page.IsNone)
                    {
                        Check(Pages[page].RootCount > 0, page, "it is a root but does not count as one (invariant 7)");
                        invalidRoots += Pages[page].IsInvalid ? 1 : 0;
                    }
                }
            }
        }

        // One invalid page may be a root several times.
        _broken ??= Pages.Used >= _listed && Pages.Used - _listed <= (uint)invalidRoots
            ? null : $"{Pages.Used} pages are in use, {_listed} are listed, {invalidRoots} invalid roots (invariant 7)";
        _broken ??= _links == 0 ? null : "links and parents differ in number (invariant 1)";
    }

    private void CheckSlots()
    {
        ulong entries = 0;
        foreach (SlotRecords records in _state.Vm.Slots)
        {
            foreach (SlotRecord slot in records.All)
            {
                for (int level = 1; level <= ShadowSlot.Levels; level++)
                {
                    entries += CountLeaves(slot, level);
                }

                CheckReasons(slot);
            }
        }

        _broken ??= entries == _leaves ? null : $"there are {_leaves} leaves but {entries} rmap entries (invariant 1)";
        ulong counted = _state.Counters.Pages4K + _state.Counters.Pages2M + _state.Counters.Pages1G;
        _broken ??= counted == _leaves ? null : $"there are {_leaves} leaves but {counted} are counted";
    }

    private ulong CountLeaves(SlotRecord slot, int level)
    {
        ulong entries = 0;
        if (!_state.Rmaps.IsInUse)
        {
            return entries;
        }

        foreach (uint list in _state.Rmaps.Of(slot).Lists(level, slot.BaseGfn, (int)slot.EntriesAt(level)))
        {
            entries += _state.Refs.Count(list);
        }

        return entries;
    }

    // Each table of the guest in the slot, and each tracker, is one reason against the huge pages around it.
    private void CheckReasons(SlotRecord slot)
    {
        ulong expected = slot.Trackers;
        for (PageHandle page = Pages.Oldest; !page.IsNone; page = new PageHandle(Pages[page].Newer))
        {
            ref ShadowPage header = ref Pages[page];
            expected += !header.Role.IsDirect && header.Role.AddressSpace == slot.AddressSpace && slot.Holds(header.Gfn) ? 1u : 0;
        }

        for (int level = 2; level <= ShadowSlot.Levels; level++)
        {
            ulong counted = slot.Huge.CountReasons(slot, level);
            _broken ??= expected == counted ? null
                : $"slot {slot.Slot.Base}: {counted} reasons against pages of level {level} where {expected} are due (invariant 5)";
        }
    }
}
