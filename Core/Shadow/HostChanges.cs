// Shadow: what the host does to mappings of a range of frames.
using System;
using System.Numerics;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Host-driven changes by range of a slot, through its rmaps. Lock held; what they return says whether TLBs must be flushed.</summary>
internal sealed class HostChanges
{
    private readonly ShadowState _state;

    internal HostChanges(ShadowState state) => _state = state;

    private enum Change
    {
        Drop,
        WriteProtect,
        ClearDirty,
        Age,
        TestAge,
    }

    /// <summary>Removes every mapping of the frames [start, end).</summary>
    internal bool Unmap(SlotRecord slot, ulong start, ulong end) => Apply(Change.Drop, slot, start, end, 1);

    /// <summary>As <see cref="Unmap"/>; takes apart the pages that shadow guest tables in the frames, too. Flushes itself.</summary>
    internal void Zap(ReadOnlySpan<SlotRange> ranges)
    {
        ZapList list = default;
        foreach (SlotRange range in ranges)
        {
            for (ulong gfn = range.Start; range.Slot.TryNextGuarded(gfn, range.End, out ulong found); gfn = found + 1)
            {
                _ = _state.Zapper.ZapTables(range.Slot.AddressSpace, found, ref list);
            }

            list.NeedsFlush |= Unmap(range.Slot, range.Start, range.End);
        }

        _state.Zapper.Commit(ref list);
    }

    /// <summary>Write-protects for dirty logging.</summary>
    internal bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel) =>
        Apply(Change.WriteProtect, slot, start, end, minimumLevel);

    /// <summary>Write-protects the frames start + n for each bit n, and the huge pages that cover them.</summary>
    internal bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask) => ApplyMasked(Change.WriteProtect, slot, start, mask);

    /// <summary>Clears dirty bits.</summary>
    internal bool ClearDirty(SlotRecord slot, ulong start, ulong end) => Apply(Change.ClearDirty, slot, start, end, 1);

    /// <summary>Clears accessed bits; true if one was set.</summary>
    internal bool Age(SlotRecord slot, ulong start, ulong end) => Apply(Change.Age, slot, start, end, 1);

    /// <summary>True if an accessed bit is set.</summary>
    internal bool TestAge(SlotRecord slot, ulong start, ulong end) => Apply(Change.TestAge, slot, start, end, 1);

    /// <summary>Removes the leaves of small pages that one huge page could map.</summary>
    internal bool ZapCollapsible(SlotRecord slot, ulong start, ulong end)
    {
        ZapList list = default;
        Span<uint> lists = _state.Rmaps.Of(slot).Lists(1, start, (int)(end - start));
        for (int at = NextUsed(lists, 0); at < lists.Length; at = NextUsed(lists, at + 1))
        {
            if (slot.Huge.HighestAllowed(start + (ulong)at, 2) > 1)
            {
                DropDirect(ref lists[at], ref list);
            }
        }

        // No table was taken apart: there is nothing to free after the flush.
        return list.NeedsFlush;
    }

    private bool Apply(Change change, SlotRecord slot, ulong start, ulong end, int minimumLevel)
    {
        bool result = false;
        ZapList zapped = default;
        for (int level = minimumLevel; level <= ShadowSlot.Levels; level++)
        {
            Span<uint> lists = _state.Rmaps.Of(slot).Lists(level, start, (int)PageLevel.EntriesFor(level, start, end));
            if (change == Change.WriteProtect)
            {
                int first = NextUsed(lists, 0);
                result |= WriteProtectAll(lists[first..]);
                continue;
            }

            for (int at = NextUsed(lists, 0); at < lists.Length; at = NextUsed(lists, at + 1))
            {
                result |= ApplyOne(change, ref lists[at], ref zapped);
                if (result && change == Change.TestAge)
                {
                    return true;
                }
            }
        }

        return result | zapped.NeedsFlush;
    }

    // The pass that dirty logging makes over all memory: nothing but the stores is to be felt. Lists of several leaves wait for a second one,
    // as a call in the loop would drive its values out of registers. Where there may be leaves of several forms, each is asked for its own.
    private bool WriteProtectAll(ReadOnlySpan<uint> lists)
    {
#if !MMU_FAULT_223
        if (_state.Vm.Nested is not null)
        {
            return WriteProtectEach(lists, all: true);
        }

#endif
        TableArena tables = _state.Pages.Tables;
        ulong protectedOnes = 0;
        ulong stores = 0;
        uint several = 0;
        foreach (uint list in lists)
        {
            several |= list;
            if (RefLists.IsOnly(list))
            {
                var leaf = SpteRef.FromWord(list);
                ulong old = SpteDoor.WriteProtect<LegacySpte>(tables[leaf.Page], leaf.Index);
                protectedOnes |= old;
                stores += old != 0 ? 1u : 0;
            }
        }

        _state.Counters.SpteStores += stores;
        bool flush = LegacySpte.IsMmuWritable(protectedOnes);
        return RefLists.IsChunk(several) ? flush | WriteProtectEach(lists, all: false) : flush;
    }

    private bool WriteProtectEach(ReadOnlySpan<uint> lists, bool all)
    {
        bool flush = false;
        foreach (uint list in lists)
        {
            if (all ? list != 0 : RefLists.IsChunk(list))
            {
                flush |= _state.Leaves.WriteProtect(list, keepMmuWritable: true);
            }
        }

        return flush;
    }

    private bool ApplyMasked(Change change, SlotRecord slot, ulong start, ulong mask)
    {
        bool result = false;
        ZapList zapped = default;
        ShadowSlot lists = _state.Rmaps.Of(slot);
        for (; mask != 0; mask &= mask - 1)
        {
            ulong gfn = start + (ulong)BitOperations.TrailingZeroCount(mask);
            for (int level = 1; level <= ShadowSlot.Levels; level++)
            {
                result |= ApplyOne(change, ref lists[level, gfn], ref zapped);
            }
        }

        return result;
    }

    private bool ApplyOne(Change change, ref uint list, ref ZapList zapped)
    {
        switch (change)
        {
            case Change.Drop:
                _state.Leaves.Drop(ref list, ref zapped);
                return false;
            case Change.WriteProtect:
                return _state.Leaves.WriteProtect(list, keepMmuWritable: true);
            case Change.ClearDirty:
                return _state.Leaves.ClearDirty(list);
            case Change.Age:
                return _state.Leaves.Age(list);
            default:
                return _state.Leaves.TestAge(list);
        }
    }

    // Only leaves of direct tables stand in for a larger page; those of guest tables are as small as the guest wants them.
    private void DropDirect(ref uint list, ref ZapList zapped)
    {
        bool again = true;
        while (again)
        {
            again = false;
            foreach (SpteRef leaf in _state.Refs.Of(list))
            {
                if (_state.Pages[leaf.Page].Role.IsDirect)
                {
                    _state.Zapper.DropEntry(leaf.Page, leaf.Index, ref zapped);
                    again = true;
                    break;
                }
            }
        }
    }

    private static int NextUsed(ReadOnlySpan<uint> lists, int from)
    {
        int found = from < lists.Length ? lists[from..].IndexOfAnyExcept(0u) : -1;
        return found < 0 ? lists.Length : from + found;
    }
}
