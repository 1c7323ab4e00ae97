// Vm: memory slots come and go.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    /// <summary>First guest physical address that no slot can reach: entries remember guest frames in 28 bits.</summary>
    public const ulong GuestAddressLimit = 1UL << 40;

    /// <summary>Adds a slot. Guests see it when the method returns, or earlier.</summary>
    /// <param name="slot">The slot. Its memory must stay valid until it is removed.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentException">The slot is illegal, overlaps another, ends above <see cref="GuestAddressLimit"/> or has frames that
    /// the host cannot have; the message says which.</exception>
    /// <exception cref="InvalidOperationException">There are too many slots, or the private arena has no room for what is kept about
    /// it.</exception>
    public void AddSlot(in MemorySlot slot, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        using RankedHold hold = _slotsLock.Enter();
        _core.Memories[addressSpace].CheckSlot(slot);
        RefuseFlags(slot);
        RefuseFrames(slot);
        Change(addressSpace, [], [slot]);
    }

    /// <summary>
    /// Removes a slot. When the method returns no processor, vCPU or method uses the slot's memory any more. Waits for vCPUs in guest if
    /// <see cref="IMmuHost.Flush"/> does not reach them.
    /// </summary>
    /// <param name="baseAddress">Its first guest physical address.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentException">No slot starts there.</exception>
    public void RemoveSlot(Gpa baseAddress, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        using RankedHold hold = _slotsLock.Enter();
        Change(addressSpace, [FindRecord(baseAddress, addressSpace)], []);
    }

    /// <summary>
    /// Moves a slot to another guest physical address; its memory stays where it is. A fault on it meanwhile is to be tried again: nobody sees
    /// the memory without the slot, nor with it twice.
    /// </summary>
    /// <param name="from">Its first guest physical address.</param>
    /// <param name="to">Its new first guest physical address; the new place may overlap the old one.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentException">No slot starts at <paramref name="from"/>, or the slot would be illegal at
    /// <paramref name="to"/>.</exception>
    /// <exception cref="InvalidOperationException">The private arena has no room for what is kept about it.</exception>
    public void MoveSlot(Gpa from, Gpa to, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        using RankedHold hold = _slotsLock.Enter();
        SlotRecord leaving = FindRecord(from, addressSpace);
        MemorySlot moved = leaving.Slot with { Base = to };
        _core.Memories[addressSpace].CheckSlot(moved, leaving: from);
        RefuseFrames(moved);
        Change(addressSpace, [leaving], [moved]);
    }

    /// <summary>
    /// Makes an address space have exactly these slots: what is there already stays as it is, with its mappings and logs; a slot of which only
    /// <see cref="SlotFlags.ReadOnly"/> differs is changed as by <see cref="SetReadOnly"/>; the others go and come together, with as few flushes as batches of the
    /// memory that goes. Nobody sees some of a change.
    /// </summary>
    /// <param name="slots">The slots, in any order. Their memory must stay valid until they are removed.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <returns>How many slots were added, removed or changed.</returns>
    /// <exception cref="ArgumentException">A slot is illegal, or two overlap; the message says which. Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">There are too many slots, or the private arena has no room for what is kept about them. None came or
    /// went.</exception>
    public int SetSlots(ReadOnlySpan<MemorySlot> slots, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        MemorySlot[] wanted = slots.ToArray();
        Array.Sort(wanted, static (one, other) => one.Base.CompareTo(other.Base));
        GuestMemory.CheckSlots(wanted);
        foreach (MemorySlot slot in wanted)
        {
            RefuseFlags(slot);
            RefuseFrames(slot);
        }

        using RankedHold hold = _slotsLock.Enter();
        SlotDifference difference = new(_core.Slots[addressSpace].All, wanted);
        foreach (SlotRecord slot in difference.Toggled)
        {
            Toggle(slot);
        }

        if (difference.Leaving.Count + difference.Coming.Count != 0)
        {
            Change(addressSpace, CollectionsMarshal.AsSpan(difference.Leaving), CollectionsMarshal.AsSpan(difference.Coming));
        }

        return difference.Count;
    }

    /// <summary>
    /// Lets the guest write a slot, or no more: when the method returns no processor, vCPU or method writes it. All else about the slot stays, but what was
    /// mapped is mapped anew by the next access to it if it becomes read-only.
    /// </summary>
    /// <param name="baseAddress">The slot's first guest physical address.</param>
    /// <param name="isReadOnly">True if the guest is not to write it.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <exception cref="ArgumentException">No slot starts there.</exception>
    public void SetReadOnly(Gpa baseAddress, bool isReadOnly, int addressSpace = 0)
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);
        using RankedHold hold = _slotsLock.Enter();
        SlotRecord slot = FindRecord(baseAddress, addressSpace);
        if (slot.IsReadOnly != isReadOnly)
        {
            Toggle(slot);
        }
    }

    private SlotRecord FindRecord(Gpa baseAddress, int addressSpace) =>
        _core.Slots[addressSpace].Find(baseAddress.Value >> 12) is { } slot && slot.Slot.Base == baseAddress
            ? slot
            : throw new ArgumentException($"No memory slot starts at {baseAddress}.", nameof(baseAddress));

    private void RefuseFlags(in MemorySlot slot)
    {
        if ((slot.Flags & SlotFlags.Device) != 0 && _tdp is null)
        {
            throw new ArgumentException($"The slot at {slot.Base} has SlotFlags.Device, which needs nested paging (MmuVmOptions.Tdp).", nameof(slot));
        }

        if ((slot.Flags & SlotFlags.ExecuteOnly) != 0 && _tdp?.ExecuteOnly != true)
        {
            throw new ArgumentException($"The slot at {slot.Base} has SlotFlags.ExecuteOnly, which needs TdpOptions.ExecuteOnly.", nameof(slot));
        }
    }

    private void RefuseFrames(in MemorySlot slot)
    {
        if (slot.Last.Value >= GuestAddressLimit)
        {
            throw new ArgumentException(
                $"The slot {slot.Base}–{slot.Last} ends above MmuVm.GuestAddressLimit, 0x{GuestAddressLimit:x}: guest frames have 28 bits.",
                nameof(slot));
        }

        ulong first = slot.HostFrame.Value << 12;
        ulong last = first + slot.Size - 1;
        ulong allowed = _core.SpteHost.AddressMask | 0xFFF;
        if (first >> 12 != slot.HostFrame.Value || last < first || ((first | last) & ~allowed) != 0)
        {
            throw new ArgumentException(
                $"The slot's host frames from {slot.HostFrame} on do not fit the host's {_core.SpteHost.PhysicalAddressBits} address bits.",
                nameof(slot));
        }
    }

    private static void RefuseAddressSpace(int addressSpace)
    {
        if (addressSpace is not 0 and not 1)
        {
            throw new ArgumentOutOfRangeException(nameof(addressSpace), addressSpace, "There are address spaces 0 and 1.");
        }
    }

    private static InvalidOperationException NoRoom(in MemorySlot slot) =>
        new($"The private arena has no room for the slot {slot.Base}–{slot.Last} (MmuVmOptions.PrivateBytes).");
}
