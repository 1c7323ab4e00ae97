// Shadow: takes shadow pages and single entries apart.
using System;
using System.Runtime.CompilerServices;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>
/// Removes what entries and pages stand for: rmaps, parent links, marks, accounts. Pages are freed by <see cref="Commit"/> after one flush.
/// </summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class PageZapper
{
    private readonly VmCore _vm;
    private readonly ShadowPages _pages;
    private readonly RefLists _refs;
    private readonly Rmaps _rmaps;
    private readonly UnsyncMarks _marks;
    private readonly ShadowCounters _counters;

    internal PageZapper(VmCore vm, ShadowPages pages, RefLists refs, Rmaps rmaps, UnsyncMarks marks, ShadowCounters counters)
    {
        _vm = vm;
        _pages = pages;
        _refs = refs;
        _rmaps = rmaps;
        _marks = marks;
        _counters = counters;
    }

    /// <summary>Empties an entry. What it stood for is undone first (bug 3).</summary>
    internal void DropEntry(PageHandle page, int index, ref ZapList list)
    {
        ulong spte = _pages.Tables[page].Load(index);
        if (Spte.IsEmpty(spte))
        {
            return;
        }

        ref ShadowPage header = ref _pages[page];
        if (Spte.IsPresent(spte))
        {
            list.NeedsFlush = true;
            if (Spte.IsLeaf(spte, header.Role.Level))
            {
                ForgetLeaf(page, header, index);
            }
            else
            {
                Unlink(page, index, spte);
            }
        }

        Empty(page, index);
    }

    /// <summary>Takes apart every page that shadows the table in a frame; false if there is none.</summary>
    internal bool ZapTables(int addressSpace, ulong gfn, ref ZapList list)
    {
        PageHandle page = _pages.NextOfTable(default, addressSpace, gfn);
        bool any = !page.IsNone;
        while (!page.IsNone)
        {
            PageHandle next = _pages.NextOfTable(page, addressSpace, gfn);
            Zap(page, ref list);
            page = next;
        }

        return any;
    }

    /// <summary>Takes a page apart and out of every table that names it. It is freed by <see cref="Commit"/>, or, while it is a root, by whoever lets go of that.</summary>
    internal void Zap(PageHandle page, ref ZapList list)
    {
        ref ShadowPage header = ref _pages[page];
        if (header.IsInvalid)
        {
            return;
        }

        list.NeedsFlush = true;
        _counters.TablesZapped++;
        _counters.UnsyncTables -= header.IsUnsync ? 1UL : 0;
        _pages.Trace(_vm, TracePoint.PrepareZapPage, page);
        ForgetEntries(page, ref header, ref list);
        Unparent(ref header);
        header.State &= ~PageStates.Unsync;
        if (!header.Role.IsDirect)
        {
            Unaccount(page, header);
        }

        _pages.Remove(page);
        header.State |= PageStates.Invalid;
        if (header.RootCount == 0)
        {
            Enqueue(page, ref list);
        }
        else
        {
            list.LostRoot = true;
        }
    }

    /// <summary>One root less; an invalid page that is no root any more is freed with the list.</summary>
    internal void ReleaseRoot(PageHandle page, ref ZapList list)
    {
        ref ShadowPage header = ref _pages[page];
        if (--header.RootCount == 0 && header.IsInvalid)
        {
            list.NeedsFlush = true;
            Enqueue(page, ref list);
        }
    }

    /// <summary>Flushes once for all that was removed, then frees the pages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Commit(ref ZapList list)
    {
        if (!list.IsIdle)
        {
            FlushAndFree(ref list);
        }
    }

    /// <summary>
    /// Makes an empty entry name a page. One that is named very often is taken out of all other tables first: whatever goes over its parents
    /// would take too long, and a guest can name a table as often as it likes.
    /// </summary>
    internal void Link(PageHandle page, int index, PageHandle child, ulong spte, ref SlabCache chunks, ref ZapList list)
    {
        ref ShadowPage below = ref _pages[child];
        if (_refs.Count(below.Parents) >= RefLists.LongestList)
        {
            list.NeedsFlush = true;
            Unparent(ref below);
        }

        var entry = new SpteRef(page, index);
        _ = Store(_pages[page].Role, _pages.Tables[page], index, spte);
        _pages[page].Entries++;
        _ = _refs.Add(ref below.Parents, entry, ref chunks);
        _marks.Linked(entry, child);
    }

    /// <summary>What is kept twice no longer agrees: nothing runs any more.</summary>
    internal void Kill() => _vm.Kill();

    /// <summary>A leaf is about to be replaced or emptied: takes it out of its rmap.</summary>
    internal void ForgetLeaf(PageHandle page, in ShadowPage header, int index)
    {
        int level = header.Role.Level;
        _counters.AddPages(level, -1);
        if (!_rmaps.Remove(header.Role.AddressSpace, level, _pages.GfnOfEntry(page, header, index), new SpteRef(page, index)))
        {
            _vm.Kill();
        }
    }

    /// <summary>Stores an SPTE as the holder of the lock; returns what must follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal SpteConsequences Store<TSpte>(PtPage table, int index, ulong spte)
        where TSpte : struct, ISpteFormat
    {
        _counters.SpteStores++;
        return SpteDoor.Set<TSpte>(table, index, spte).Consequences;
    }

    /// <summary>As above, into a table of a role.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal SpteConsequences Store(PageRole role, PtPage table, int index, ulong spte)
    {
        _counters.SpteStores++;
        return AnySpte.Set(role, table, index, spte).Consequences;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FlushAndFree(ref ZapList list)
    {
        // Only now that the pages are invalid: a vCPU that sees the request finds them so.
        if (list.LostRoot)
        {
            _vm.Gate.RequestFreeObsoleteRoots();
        }

#if !MMU_FAULT_98
        if (list.NeedsFlush)
        {
            _vm.Gate.FlushAll();
        }
#endif

        PageHandle page = list.First;
        while (!page.IsNone)
        {
            var next = new PageHandle(_pages[page].Newer);
            _pages[page].Newer = 0;
            _pages.Forget(page, _vm.Epochs);
            page = next;
        }

#if MMU_FAULT_98
        if (list.NeedsFlush)
        {
            _vm.Gate.FlushAll();
        }
#endif

        list = default;
    }

    // What the entry stood for was undone before.
    private void Empty(PageHandle page, int index)
    {
        ref ShadowPage header = ref _pages[page];
        _ = Store(header.Role, _pages.Tables[page], index, Spte.Empty);
        header.Entries--;
        if (!header.Role.IsDirect)
        {
            _pages.Translation(page, index) = 0;
        }
    }

    private void Enqueue(PageHandle page, ref ZapList list)
    {
        _pages[page].Newer = list.First.Index;
        list.First = page;
    }

    // A table that nobody can reach after the flush need not be emptied entry by entry; a root in use must be.
    private void ForgetEntries(PageHandle page, ref ShadowPage header, ref ZapList list)
    {
        if (header.RootCount != 0)
        {
            for (int i = 0; i < ShadowPages.EntryCount && header.Entries != 0; i++)
            {
                DropEntry(page, i, ref list);
            }

            return;
        }

        if (header.Entries == 0)
        {
            return;
        }

        if (header.Role.Level == 1)
        {
            ForgetLeaves(page, header);
        }
        else
        {
            ForgetUpperEntries(page, header);
        }

        if (!header.Role.IsDirect)
        {
            _pages.TranslationsOf(page).Clear();
        }

        header.Entries = 0;
    }

    private void ForgetUpperEntries(PageHandle page, in ShadowPage header)
    {
        ReadOnlySpan<ulong> words = _pages.Tables[page].Words;
        for (int i = 0; i < words.Length; i++)
        {
            ulong spte = words[i];
            if (!Spte.IsPresent(spte))
            {
                continue;
            }

            if (Spte.IsLeaf(spte, header.Role.Level))
            {
#if !MMU_FAULT_84
                ForgetLeaf(page, header, i);
#endif
            }
            else
            {
                Unlink(page, i, spte);
            }
        }
    }

    // As ForgetLeaf for each entry of a level-1 page; what most leaves have in common is looked up once.
    private void ForgetLeaves(PageHandle page, in ShadowPage header)
    {
        ReadOnlySpan<ulong> words = _pages.Tables[page].Words;
        ReadOnlySpan<uint> translations = _pages.TranslationsOf(page);
        bool direct = header.Role.IsDirect;
        ulong first = header.Gfn;
        ShadowSlot? lists = null;
        ulong gone = 0;
        for (int i = 0; i < words.Length; i++)
        {
            if (!Spte.IsPresent(words[i]))
            {
                continue;
            }

            gone++;
            ulong gfn = direct ? first + (uint)i : ShadowPages.GfnOf(translations[i]);
            if (lists is null || !lists.Holds(gfn))
            {
                lists = _rmaps.Find(header.Role.AddressSpace, gfn);
                if (lists is null)
                {
                    _vm.Kill();
                    continue;
                }
            }

            ref uint list = ref lists[1, gfn];
            var leaf = new SpteRef(page, i);
            if (list == leaf.ToWord())
            {
                list = 0;
            }
            else if (!_refs.Remove(ref list, leaf))
            {
                _vm.Kill();
            }
        }

        _counters.AddPages(1, -(long)gone);
    }

    private void Unlink(PageHandle page, int index, ulong spte)
    {
        if (!_pages.Tables.TryPageOf(Spte.FrameOf(_vm.SpteHost, spte) >> 12, out PageHandle child)
            || !_refs.Remove(ref _pages[child].Parents, new SpteRef(page, index)))
        {
            _vm.Kill();
            return;
        }

        _marks.Unlinked(new SpteRef(page, index));
    }

    private void Unparent(ref ShadowPage header)
    {
        while (header.Parents != 0)
        {
            SpteRef parent = _refs.First(header.Parents);
            _ = _refs.Remove(ref header.Parents, parent);
            _marks.Unlinked(parent);
#if !MMU_FAULT_83
            Empty(parent.Page, parent.Index);
#endif
        }
    }

    private void Unaccount(PageHandle page, in ShadowPage header)
    {
        SlotRecord? slot = _rmaps.SlotOf(header.Role.AddressSpace, header.Gfn);
        if (slot is null)
        {
            _vm.Kill();
            return;
        }

#if !MMU_FAULT_86
        slot.Huge.Allow(header.Gfn);
#endif
        PageHandle other = default;
        do
        {
            other = _pages.NextOfTable(other, header.Role.AddressSpace, header.Gfn);
        }
        while (other == page);
#if MMU_FAULT_85
        if (!slot.IsTracked(header.Gfn))
#else
        if (other.IsNone && !slot.IsTracked(header.Gfn))
#endif
        {
            slot.SetGuarded(header.Gfn, guarded: false);
        }
    }
}
