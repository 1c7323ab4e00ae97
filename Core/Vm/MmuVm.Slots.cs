// Vm: memory slots come and go.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    /// <summary>First guest physical address that no slot can reach: entries remember guest frames in 28 bits.</summary>
    public const ulong GuestAddressLimit = 1UL << 40;

    // MMIO entries hold so many bits of the generation.
    private const uint SlotGenerations = 1u << 18;

    // A batch is a hold of the lock: short enough for a vCPU that waits.
    private const ulong FramesPerBatch = 512;

    // guarded by: _slotsLock
    private readonly SortedSet<int> _freeIds = [];
    private int _nextId;

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
        PrepareGeneration();
        SlotRecord record = CreateRecord(slot, addressSpace);
        using MmuWriteGuard held = _core.Lock.Enter();
        if (!_engines.TryAddSlot(record))
        {
            Drop(record);
            throw NoRoom(slot);
        }

        _core.Memories[addressSpace].AddSlot(slot);
        Enlist(record);
#if !MMU_FAULT_66
        NextGeneration();
#endif

        // A root that could not be read may lie in the new slot.
        _core.Gate.RequestFreeObsoleteRoots();
        MmuEvents.Log.SlotAdded(_core.Number, (long)slot.Base.Value, (long)slot.Size);
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
        SlotRecord leaving = FindRecord(baseAddress, addressSpace);
        PrepareGeneration();
        ZapLeaving(leaving);
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _core.Memories[addressSpace].RemoveSlot(baseAddress);
            Delist(leaving);
            NextGeneration();
            _core.Gate.FlushAll();
        }

        Forget(leaving);
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
        PrepareGeneration();
        SlotRecord record = CreateRecord(moved, addressSpace);
        try
        {
            ZapLeaving(leaving);
        }
        catch
        {
            Drop(record);
            throw;
        }

        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            if (!_engines.TryAddSlot(record))
            {
                leaving.IsLeaving = false;
                Drop(record);
                throw NoRoom(moved);
            }

            _core.Memories[addressSpace].ReplaceSlot(from, moved);
            Delist(leaving);
            Enlist(record);
            NextGeneration();
            _core.Gate.RequestFreeObsoleteRoots();
            _core.Gate.FlushAll();
        }

        Forget(leaving);
    }

    private SlotRecord CreateRecord(in MemorySlot slot, int addressSpace)
    {
        int id = TakeId();
        if (SlotRecord.TryCreate(id, addressSpace, slot, _core.Private, out SlotRecord record))
        {
            return record;
        }

        _ = _freeIds.Add(id);
        throw NoRoom(slot);
    }

    // Lowest number that no slot of either address space has.
    private int TakeId()
    {
        if (_freeIds.Count == 0)
        {
            return _nextId++;
        }

        int id = _freeIds.Min;
        _ = _freeIds.Remove(id);
        return id;
    }

    private void Drop(SlotRecord record)
    {
        _ = _freeIds.Add(record.Id);
        record.Release();
    }

    private SlotRecord FindRecord(Gpa baseAddress, int addressSpace) =>
        _core.Slots[addressSpace].Find(baseAddress.Value >> 12) is { } slot && slot.Slot.Base == baseAddress
            ? slot
            : throw new ArgumentException($"No memory slot starts at {baseAddress}.", nameof(baseAddress));

    private void Enlist(SlotRecord record)
    {
        _core.Slots[record.AddressSpace].Add(record);
        _core.ResolvedSlots += record.IsResolved ? 1 : 0;
    }

    private void Delist(SlotRecord record)
    {
        _core.Slots[record.AddressSpace].Remove(record);
        _core.Slots[record.AddressSpace].Logged -= record.IsLogged ? 1 : 0;
        _core.ResolvedSlots -= record.IsResolved ? 1 : 0;
    }

    // From the first batch on faults on the slot are tried again, so nothing comes back behind the last one. If the host throws meanwhile,
    // the slot stays.
    private void ZapLeaving(SlotRecord leaving)
    {
        SetLeaving(leaving, true);
        try
        {
            ulong end = leaving.EndGfn;
            for (ulong start = leaving.BaseGfn; start < end; start += FramesPerBatch)
            {
                using (MmuWriteGuard held = _core.Lock.Enter())
                {
                    _engines.ZapRange(leaving, start, Math.Min(start + FramesPerBatch, end));
                }

                _core.Lock.LetOthersIn();
            }
        }
        catch
        {
            SetLeaving(leaving, false);
            throw;
        }
    }

    private void SetLeaving(SlotRecord slot, bool isLeaving)
    {
#if !MMU_FAULT_65
        using MmuWriteGuard held = _core.Lock.Enter();
        slot.IsLeaving = isLeaving;
#endif
    }

    // Nobody finds the slot any more; who found it before is waited for.
    private void Forget(SlotRecord leaving)
    {
        _core.Gate.WaitForCalls();
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _engines.SlotRemoved(leaving);
        }

        MmuEvents.Log.SlotRemoved(_core.Number, (long)leaving.Slot.Base.Value, (long)leaving.Slot.Size);
        Drop(leaving);
    }

    private void DropSlots()
    {
        for (int addressSpace = 0; addressSpace < 2; addressSpace++)
        {
            while (_core.Slots[addressSpace].All.Length != 0)
            {
                RemoveSlotOfDeadVm(_core.Slots[addressSpace].All[0]);
            }
        }
    }

    private void RemoveSlotOfDeadVm(SlotRecord slot)
    {
        ZapLeaving(slot);
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _core.Memories[slot.AddressSpace].RemoveSlot(slot.Slot.Base);
            Delist(slot);
            _engines.SlotRemoved(slot);
        }

        Drop(slot);
    }

    // Before the lock: the last generation's MMIO entries must be gone before it comes again, also those that a fault makes between the taking
    // apart of all tables and the first generation.
    private void PrepareGeneration()
    {
        if (_core.SlotGeneration is 0 or SlotGenerations - 1)
        {
            _engines.ZapAll();
        }
    }

    private void NextGeneration() => _core.SlotGeneration = (_core.SlotGeneration + 1) % SlotGenerations;

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
