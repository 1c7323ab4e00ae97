// Shadow: splits huge pages, with memory of its own.
using System;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>
/// Splits huge leaves of a range into tables of smaller ones, one leaf at a time, so that faults go on in between. Its caches are the VM's:
/// they are filled without the lock, and one split takes a page and at most a chunk for each new leaf and the link.
/// </summary>
internal sealed class HugePageSplitter
{
    private const int ChunkCaches = (ShadowPages.EntryCount / SlabCache.Capacity) + 1;

    private readonly ShadowState _state;
    private readonly Lock _caches = new();
    private readonly SlabCache[] _chunks = new SlabCache[ChunkCaches];
    private PageCache _pages;

    internal HugePageSplitter(ShadowState state) => _state = state;

    /// <summary>Splits every huge leaf of the frames [start, end) down to a level; false if memory ran out: what is split stays so.</summary>
    internal bool Split(SlotRecord slot, ulong start, ulong end, int targetLevel)
    {
        lock (_caches)
        {
            bool done = true;
            for (int level = ShadowSlot.Levels; level > targetLevel && done; level--)
            {
                ulong pages = PageLevel.FramesOf(level);
                for (ulong gfn = start & ~(pages - 1); gfn < end && done; gfn += pages)
                {
                    done = !slot.Holds(gfn) || SplitAll(slot, level, gfn);
                }
            }

            Drain();
            return done;
        }
    }

    private bool SplitAll(SlotRecord slot, int level, ulong gfn)
    {
        bool more = true;
        while (more)
        {
            if (!TopUp())
            {
                return false;
            }

            ZapList list = default;
            using MmuWriteGuard held = _state.Vm.Lock.Enter();
            ref uint rmap = ref _state.Rmaps.Of(slot)[level, gfn];
            if (rmap != 0)
            {
                SplitOne(slot, _state.Refs.First(rmap), gfn, ref list);
            }

            more = rmap != 0;
            _state.Zapper.Commit(ref list);
        }

        return true;
    }

    private void SplitOne(SlotRecord slot, SpteRef leaf, ulong gfn, ref ZapList list)
    {
        ref ShadowPage header = ref _state.Pages[leaf.Page];
        ulong huge = _state.Pages.Tables[leaf.Page].Load(leaf.Index);
        Rights rights = header.Role.IsDirect
            ? header.Role.Access
            : ShadowPages.RightsOf(_state.Pages.Translation(leaf.Page, leaf.Index));
        PageRole role = header.Role.Child(rights, direct: true, leaf.Index);
        PageHandle child = _state.Pages.Find(gfn, role);
        if (child.IsNone)
        {
            child = _pages.Pop();
            _state.Pages.Insert(child, gfn, role);
            _state.Counters.TablesAllocated++;
            Fill(slot, child, huge, header.Role.Level, gfn);
        }

        _state.Vm.Trace?.Write(TracePoint.SplitHugePage, gfn, huge, (ulong)header.Role.Level);
        _state.Zapper.DropEntry(leaf.Page, leaf.Index, ref list);
        ulong frame = _state.Pages.Tables.FrameOf(child).Value << 12;
        ulong spte = AnySpte.MakeNonLeaf(role, _state.Vm.SpteHost, frame);
        _state.Zapper.Link(leaf.Page, leaf.Index, child, spte, ref CacheWithChunks(), ref list);
    }

    private void Fill(SlotRecord slot, PageHandle child, ulong huge, int hugeLevel, ulong gfn)
    {
        PtPage table = _state.Pages.Tables[child];
        PageRole role = _state.Pages[child].Role;
        int level = hugeLevel - 1;
        for (int i = 0; i < ShadowPages.EntryCount; i++)
        {
            _ = _state.Zapper.Store(role, table, i, AnySpte.SplitChild(role, _state.Vm.SpteHost, huge, hugeLevel, i));
            ulong first = gfn + ((ulong)(uint)i << PageLevel.FrameShiftOf(level));
            _ = _state.Refs.Add(ref _state.Rmaps.Of(slot)[level, first], new SpteRef(child, i), ref CacheWithChunks());
        }

        _state.Pages[child].Entries = ShadowPages.EntryCount;
        _state.Counters.AddPages(level, ShadowPages.EntryCount);
    }

    private ref SlabCache CacheWithChunks()
    {
        int at = 0;
        while (at < _chunks.Length - 1 && _chunks[at].Count == 0)
        {
            at++;
        }

        return ref _chunks[at];
    }

    private bool TopUp()
    {
        bool filled = _pages.Count >= 1 || _state.Vm.Tables.TopUp(ref _pages, 1);
        for (int i = 0; i < _chunks.Length && filled; i++)
        {
            filled = _chunks[i].Count == SlabCache.Capacity || _state.Refs.Chunks.TopUp(ref _chunks[i], SlabCache.Capacity);
        }

        return filled;
    }

    private void Drain()
    {
        _state.Vm.Tables.Drain(ref _pages);
        foreach (ref SlabCache cache in _chunks.AsSpan())
        {
            _state.Refs.Chunks.Drain(ref cache);
        }
    }
}
