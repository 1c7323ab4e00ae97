// Vm: what the host asks of ranges of guest memory.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    private const ulong PageBytes = 4096;

    private enum RangeWork
    {
        Unmap,
        Zap,
        WriteProtect,
        Age,
        TestAge,
        Collapse,
    }

    /// <summary>
    /// Removes every mapping of a range. When the method returns no processor uses them, and no frame that
    /// <see cref="IMmuHost.Resolve"/> answered for the range before is mapped any more or will be: let it answer anew first.
    /// </summary>
    /// <param name="start">First address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096. Parts outside every slot are passed over.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentException">The range is unaligned or ends above <see cref="GuestAddressLimit"/>.</exception>
    public void UnmapRange(Gpa start, ulong bytes, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);
        if (first == end)
        {
            return;
        }

        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _core.Sequence.Begin(first, end);
        }

        try
        {
            _ = ForRange(RangeWork.Unmap, first, end, addressSpace);
            FlushPointers();
        }
        finally
        {
            // Whatever the host's callbacks threw: a range that stays under way would have its faults tried again for ever.
            using MmuWriteGuard held = _core.Lock.Enter();
            _core.Sequence.End();
        }
    }

    /// <summary>Removes mappings of a range, and tables that shadow guest tables in it.</summary>
    /// <inheritdoc cref="UnmapRange"/>
    public void ZapRange(Gpa start, ulong bytes, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);
        _ = ForRange(RangeWork.Zap, first, end, addressSpace);
        FlushPointers();
    }

    /// <summary>Takes write access from all mappings of a range, for dirty logging: the next write to each page faults.</summary>
    /// <inheritdoc cref="UnmapRange"/>
    public void WriteProtect(Gpa start, ulong bytes, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);
        _ = ForRange(RangeWork.WriteProtect, first, end, addressSpace);
        FlushPointers();
    }

    /// <summary>Clears the accessed bits of all mappings of a range.</summary>
    /// <inheritdoc cref="UnmapRange"/>
    /// <returns>True if one was set: a page was used since the last time. TLBs are not flushed, so a page may be used once more unseen.</returns>
    public bool Age(Gpa start, ulong bytes, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);
        return ForRange(RangeWork.Age, first, end, addressSpace);
    }

    /// <summary>Tells whether a mapping of a range has its accessed bit set; changes nothing.</summary>
    /// <inheritdoc cref="UnmapRange"/>
    public bool TestAge(Gpa start, ulong bytes, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);
        return ForRange(RangeWork.TestAge, first, end, addressSpace);
    }

    /// <summary>Removes small mappings of a range where a huge page could be mapped instead.</summary>
    /// <inheritdoc cref="UnmapRange"/>
    public void ZapCollapsible(Gpa start, ulong bytes, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);
        _ = ForRange(RangeWork.Collapse, first, end, addressSpace);
    }

    /// <summary>Splits huge mappings of a range into mappings of 4 KiB.</summary>
    /// <inheritdoc cref="UnmapRange"/>
    /// <returns>False if memory ran out half-way.</returns>
    public bool SplitHugePages(Gpa start, ulong bytes, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);

        // The engine takes and drops the lock itself: the slots must stay meanwhile.
        using RankedHold hold = _slotsLock.Enter();
        foreach (SlotRecord slot in _core.Slots[addressSpace].All)
        {
            (ulong from, ulong to) = Clip(slot, first, end);
            if (from < to && !_engines.SplitHugePages(slot, from, to, targetLevel: 1))
            {
                return false;
            }
        }

        return true;
    }

    // Software TLBs know of pages that no table maps.
    private void FlushPointers()
    {
        using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
        _core.Gate.FlushPointers();
    }

    // First the engines that work beside faults, then those that need the lock for themselves. Removals are for both at once.
    private bool ForRange(RangeWork work, ulong first, ulong end, int addressSpace)
    {
        bool removes = work is RangeWork.Unmap or RangeWork.Zap;
        bool any = !removes && _engines.NeedsShared && ForBatches(work, shared: true, first, end, addressSpace);
        if (any && work == RangeWork.TestAge)
        {
            return true;
        }

        bool alone = removes || _engines.NeedsExclusive || (work == RangeWork.Collapse && HasResolved(first, end, addressSpace));
        return (alone && ForBatches(work, shared: false, first, end, addressSpace)) | any;
    }

    private bool HasResolved(ulong first, ulong end, int addressSpace)
    {
        using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
        foreach (SlotRecord slot in _core.ResolvedSlots == 0 ? default : _core.Slots[addressSpace].All)
        {
            if (slot.IsResolved && slot.BaseGfn < end && first < slot.EndGfn)
            {
                return true;
            }
        }

        return false;
    }

    // Batch by batch, so that vCPUs get the lock in between; slots are looked up anew in each.
    private bool ForBatches(RangeWork work, bool shared, ulong first, ulong end, int addressSpace)
    {
        bool any = false;
        for (ulong start = first; start < end;)
        {
            if (shared)
            {
                using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
                any |= DoBatch(work, shared, ref start, end, addressSpace);
            }
            else
            {
                using (MmuWriteGuard held = _core.Lock.Enter())
                {
                    any |= DoBatch(work, shared, ref start, end, addressSpace);
                }

                _core.Lock.LetOthersIn();
            }

            if (any && work == RangeWork.TestAge)
            {
                return true;
            }
        }

        return any;
    }

    private bool DoBatch(RangeWork work, bool shared, ref ulong start, ulong end, int addressSpace)
    {
        SlotRecord? slot = _core.Slots[addressSpace].FindFrom(start);
        if (slot is null || slot.BaseGfn >= end)
        {
            start = end;
            return false;
        }

        // Batches end where tables do, so that each meets whole ones.
        ulong from = Math.Max(start, slot.BaseGfn);
        ulong to = Math.Min(Math.Min((from | (FramesPerBatch - 1)) + 1, end), slot.EndGfn);
        start = to;
        return Do(work, shared, slot, from, to);
    }

    private bool Do(RangeWork work, bool shared, SlotRecord slot, ulong from, ulong to)
    {
        if (work == RangeWork.Zap)
        {
            SlotRange range = new(slot, from, to);
            _engines.ZapRanges(new ReadOnlySpan<SlotRange>(in range));
            return false;
        }

        bool done = work switch
        {
            RangeWork.Unmap => _engines.UnmapRange(slot, from, to),
            RangeWork.WriteProtect => _engines.WriteProtect(shared, slot, from, to, minimumLevel: 1),
            RangeWork.Age => _engines.Age(shared, slot, from, to),
            RangeWork.TestAge => _engines.TestAge(shared, slot, from, to),

            // While a slot is logged its pages stay small.
            _ => !slot.IsLogged && _engines.ZapCollapsible(shared, slot, from, to),
        };
        if (done && work is not RangeWork.Age and not RangeWork.TestAge)
        {
            // Before the lock is dropped: who takes it next must not find a translation that no table has.
            _core.Gate.FlushAll();
        }

        return done;
    }

    private static (ulong From, ulong To) Clip(SlotRecord slot, ulong first, ulong end) =>
        (Math.Max(first, slot.BaseGfn), Math.Min(end, slot.EndGfn));

    private SlotRecord RequireSlot(Gpa gpa, int addressSpace) =>
        _core.Slots[addressSpace].Find(gpa.Value >> 12) is { IsLeaving: false } slot
            ? slot
            : throw new ArgumentException($"No memory slot holds {gpa}.", nameof(gpa));

    private (ulong First, ulong End) Frames(Gpa start, ulong bytes, int addressSpace)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        if (start.Value % PageBytes != 0 || bytes % PageBytes != 0)
        {
            throw new ArgumentException($"The range from {start} of 0x{bytes:x} bytes is not of whole pages.", nameof(start));
        }

        if (start.Value > GuestAddressLimit || bytes > GuestAddressLimit - start.Value)
        {
            throw new ArgumentException(
                $"The range from {start} of 0x{bytes:x} bytes ends above MmuVm.GuestAddressLimit, 0x{GuestAddressLimit:x}.", nameof(bytes));
        }

        return (start.Value >> 12, (start.Value + bytes) >> 12);
    }
}
