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

        _ = ForRange(RangeWork.Unmap, first, end, addressSpace);
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _core.Gate.FlushPointers();
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

    /// <summary>
    /// Tracks the writes to a frame: each ends in <see cref="FaultOutcome.WriteProtected"/> until <see cref="UntrackWrites"/> was called as
    /// often.
    /// </summary>
    /// <param name="gpa">An address in the frame.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentException">No slot holds the address.</exception>
    public void TrackWrites(Gpa gpa, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        using MmuWriteGuard held = _core.Lock.Enter();
        SlotRecord slot = RequireSlot(gpa, addressSpace);
        ulong gfn = gpa.Value >> 12;
        slot.Track(gfn);
        if (_engines.WriteProtectFrame(slot, gfn))
        {
            _core.Gate.FlushAll();
        }
        else
        {
            _core.Gate.FlushPointers();
        }
    }

    /// <summary>Takes one <see cref="TrackWrites"/> back.</summary>
    /// <inheritdoc cref="TrackWrites"/>
    /// <exception cref="ArgumentException">No slot holds the address, or nobody tracks its frame.</exception>
    public void UntrackWrites(Gpa gpa, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        using MmuWriteGuard held = _core.Lock.Enter();
        SlotRecord slot = RequireSlot(gpa, addressSpace);
        if (!slot.Untrack(gpa.Value >> 12))
        {
            throw new ArgumentException($"Nobody tracks the writes to the frame of {gpa}.", nameof(gpa));
        }
    }

    /// <summary>
    /// Announces a store to guest memory by anyone but a processor that walks the tables: an instruction emulator, a device. Called after the
    /// store. To a frame that holds no shadowed table it costs the lock and a look-up.
    /// </summary>
    /// <param name="gpa">First address.</param>
    /// <param name="bytes">Size in bytes.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    public void GuestWrote(Gpa gpa, int bytes, int addressSpace = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        RefuseCaller();
        RefuseAddressSpace(addressSpace);

        // The engine is told frame by frame: what is shadowed is found by frame.
        while (bytes > 0)
        {
            int part = (int)Math.Min((ulong)bytes, PageBytes - (gpa.Value & (PageBytes - 1)));
            _engines.GuestWrote(addressSpace, gpa, part);
            gpa = new Gpa(gpa.Value + (ulong)part);
            bytes -= part;
        }
    }

    /// <summary>Writes guest memory and announces the store. Nothing is written unless all of it lies in writable slots.</summary>
    /// <param name="gpa">First address.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <returns>False if a byte lies outside every writable slot.</returns>
    public bool TryWrite(Gpa gpa, ReadOnlySpan<byte> source, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);

        // Under the lock no slot leaves, so its memory is there.
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            if (!_core.Memories[addressSpace].TryWrite(gpa, source))
            {
                return false;
            }
        }

        GuestWrote(gpa, source.Length, addressSpace);
        return true;
    }

    /// <summary>Reads guest memory. Nothing is copied unless all of it lies in slots.</summary>
    /// <param name="gpa">First address.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <returns>False if a byte lies outside every slot.</returns>
    public bool TryRead(Gpa gpa, Span<byte> destination, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        using MmuWriteGuard held = _core.Lock.Enter();
        return _core.Memories[addressSpace].TryRead(gpa, destination);
    }

    // Software TLBs know of pages that no table maps.
    private void FlushPointers()
    {
        using MmuWriteGuard held = _core.Lock.Enter();
        _core.Gate.FlushPointers();
    }

    // Batch by batch, so that vCPUs get the lock in between; slots are looked up anew in each.
    private bool ForRange(RangeWork work, ulong first, ulong end, int addressSpace)
    {
        bool any = false;
        for (ulong start = first; start < end;)
        {
            using MmuWriteGuard held = _core.Lock.Enter();
            SlotRecord? slot = _core.Slots[addressSpace].FindFrom(start);
            if (slot is null || slot.BaseGfn >= end)
            {
                return any;
            }

            ulong from = Math.Max(start, slot.BaseGfn);
            ulong to = Math.Min(Math.Min(from + FramesPerBatch, end), slot.EndGfn);
            any |= Do(work, slot, from, to);
            if (any && work == RangeWork.TestAge)
            {
                return true;
            }

            start = to;
        }

        return any;
    }

    private bool Do(RangeWork work, SlotRecord slot, ulong from, ulong to)
    {
        if (work == RangeWork.Zap)
        {
            _engines.ZapRange(slot, from, to);
            return false;
        }

        bool done = work switch
        {
            RangeWork.Unmap => _engines.UnmapRange(slot, from, to),
            RangeWork.WriteProtect => _engines.WriteProtect(slot, from, to, minimumLevel: 1),
            RangeWork.Age => _engines.Age(slot, from, to),
            RangeWork.TestAge => _engines.TestAge(slot, from, to),
            _ => _engines.ZapCollapsible(slot, from, to),
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
