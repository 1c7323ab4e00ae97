// Vm: writes to guest memory that no processor makes on our tables, and those that are to be noticed; what a frame is to the guest.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
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

        // No slot lies above, and the end of all addresses is not followed by their start.
        bytes = (int)Math.Min((ulong)bytes, GuestAddressLimit - Math.Min(gpa.Value, GuestAddressLimit));
        NoteWritten(gpa, (ulong)bytes, addressSpace);

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
        using (MmuReadGuard held = _core.Lock.EnterSharedAsHost())
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
        using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
        return _core.Memories[addressSpace].TryRead(gpa, destination);
    }

    /// <summary>
    /// Makes guest memory private or shared, for guests whose processor tells which of the two it accesses: an access of the other kind ends in
    /// <see cref="FaultOutcome.MemoryFault"/>. When the method returns nothing of the range is mapped. Of VMs on nested paging.
    /// </summary>
    /// <param name="start">First address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096. Parts outside every slot are passed over.</param>
    /// <param name="isPrivate">True for private memory; new slots are shared.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentException">The range is unaligned or ends above <see cref="GuestAddressLimit"/>.</exception>
    /// <exception cref="InvalidOperationException">The private arena has no room to note it (<see cref="MmuVmOptions.PrivateBytes"/>), or the VM is not on
    /// nested paging; then nothing has changed.</exception>
    public void SetPrivate(Gpa start, ulong bytes, bool isPrivate, int addressSpace = 0)
    {
        (ulong first, ulong end) = Frames(start, bytes, addressSpace);
        if (_tdp is null)
        {
            throw new InvalidOperationException("The VM is not on nested paging (MmuVmOptions.Tdp): its guest has no private memory.");
        }

        // Room in all slots before the first of them changes.
        using RankedHold hold = _slotsLock.Enter();
        foreach (SlotRecord slot in _core.Slots[addressSpace].All)
        {
            (ulong from, ulong to) = Clip(slot, first, end);
            using MmuWriteGuard held = _core.Lock.Enter();
            if (from < to && isPrivate && !slot.TryMakePrivateFrames())
            {
                throw NoRoom(slot.Slot);
            }
        }

        foreach (SlotRecord slot in _core.Slots[addressSpace].All)
        {
            (ulong from, ulong to) = Clip(slot, first, end);
            if (from < to)
            {
                // From here on faults go by the new attribute; what is mapped by the old one goes below.
                using MmuWriteGuard held = _core.Lock.Enter();
                _core.HasPrivateMemory |= isPrivate;
                _ = slot.TrySetPrivate(from, to, isPrivate);
            }
        }

        UnmapRange(start, bytes, addressSpace);
    }
}
