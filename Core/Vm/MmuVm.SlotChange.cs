// Vm: how slots come and go.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    // MMIO entries hold so many bits of the generation.
    private const uint SlotGenerations = 1u << 18;

    // A batch is a hold of the lock: short enough for a vCPU that waits.
    private const ulong FramesPerBatch = 512;

    // guarded by: _slotsLock
    private readonly SortedSet<int> _freeIds = [];
    private int _nextId;

    // Takes slots away and adds others at once: nobody sees some of it done. Both are in ascending order. If there is no room, or the host throws before
    // that, the slots are what they were. If it throws when vCPUs in guest are told, they are what they are to be; as those may still use what leaves,
    // its records are kept for good.
    private void Change(int addressSpace, ReadOnlySpan<SlotRecord> leaving, ReadOnlySpan<MemorySlot> coming)
    {
        PrepareGeneration();
        SlotRecord[] records = CreateRecords(coming, addressSpace);
        bool exchanged = false;
        try
        {
            ZapLeaving(leaving);
            Exchange(addressSpace, leaving, records, ref exchanged);
#if MMU_FAULT_174
            exchanged = true;
#endif
        }
        finally
        {
            if (!exchanged)
            {
                SetLeaving(leaving, false);
                Drop(records);
            }
        }

        if (!leaving.IsEmpty)
        {
            Forget(leaving);
        }

        foreach (MemorySlot slot in coming)
        {
            MmuEvents.Log.SlotAdded(_core.Number, (long)slot.Base.Value, (long)slot.Size);
        }
    }

    private void Exchange(int addressSpace, ReadOnlySpan<SlotRecord> leaving, ReadOnlySpan<SlotRecord> coming, ref bool exchanged)
    {
        using MmuWriteGuard held = _core.Lock.Enter();
        for (int i = 0; i < coming.Length; i++)
        {
            if (!_engines.TryAddSlot(coming[i]))
            {
                RemoveFromEngines(coming[..i]);
                throw NoRoom(coming[i].Slot);
            }
        }

        SlotRecords slots = _core.Slots[addressSpace];
        slots.Change(leaving, coming);
        _core.Memories[addressSpace].Replace(slots);
        foreach (SlotRecord slot in leaving)
        {
            slots.Logged -= slot.IsLogged ? 1 : 0;
            _core.ResolvedSlots -= slot.IsResolved ? 1 : 0;
        }

        foreach (SlotRecord slot in coming)
        {
            _core.ResolvedSlots += slot.IsResolved ? 1 : 0;
        }

#if MMU_FAULT_66
        if (!leaving.IsEmpty)
        {
            NextGeneration();
        }

#else
        NextGeneration();
#endif
#if !MMU_FAULT_174
        exchanged = true;
#endif
        if (!coming.IsEmpty)
        {
            // A root that could not be read may lie in a new slot.
            _core.Gate.RequestFreeObsoleteRoots();
        }

        if (!leaving.IsEmpty)
        {
            _core.Gate.FlushAll();
        }
    }

    private SlotRecord[] CreateRecords(ReadOnlySpan<MemorySlot> slots, int addressSpace)
    {
        SlotRecord[] records = new SlotRecord[slots.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            int id = TakeId();
            if (!SlotRecord.TryCreate(id, addressSpace, slots[i], _core.Private, out records[i]))
            {
                _ = _freeIds.Add(id);
                Drop(records.AsSpan(0, i));
                throw NoRoom(slots[i]);
            }
        }

        return records;
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

    private void Drop(ReadOnlySpan<SlotRecord> records)
    {
        foreach (SlotRecord record in records)
        {
            _ = _freeIds.Add(record.Id);
            record.Release();
        }
    }

    // From the first batch on faults on the slots are tried again, so nothing comes back behind the last one. Small slots share a batch, and its flush.
    private void ZapLeaving(ReadOnlySpan<SlotRecord> leaving)
    {
        if (leaving.IsEmpty)
        {
            return;
        }

        SetLeaving(leaving, true);
        List<SlotRange> batch = [];
        ulong frames = 0;
        foreach (SlotRecord slot in leaving)
        {
            // Batches end where tables do, so that each meets whole ones.
            for (ulong start = slot.BaseGfn; start < slot.EndGfn;)
            {
                ulong end = Math.Min((start | (FramesPerBatch - 1)) + 1, slot.EndGfn);
                if (frames + (end - start) > FramesPerBatch)
                {
                    ZapBatch(batch);
                    frames = 0;
                }

                batch.Add(new SlotRange(slot, start, end));
                frames += end - start;
                start = end;
            }
        }

        ZapBatch(batch);
    }

    private void ZapBatch(List<SlotRange> batch)
    {
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            _engines.ZapRanges(CollectionsMarshal.AsSpan(batch));
        }

        _core.Lock.LetOthersIn();
        batch.Clear();
    }

    private void SetLeaving(ReadOnlySpan<SlotRecord> slots, bool isLeaving)
    {
#if !MMU_FAULT_65
        using MmuWriteGuard held = _core.Lock.Enter();
        foreach (SlotRecord slot in slots)
        {
            slot.IsLeaving = isLeaving;
        }
#endif
    }

    // Nobody finds the slots any more; who found one before is waited for.
    private void Forget(ReadOnlySpan<SlotRecord> leaving)
    {
        _core.Gate.WaitForCalls();
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            RemoveFromEngines(leaving);
        }

        foreach (SlotRecord slot in leaving)
        {
            MmuEvents.Log.SlotRemoved(_core.Number, (long)slot.Slot.Base.Value, (long)slot.Slot.Size);
        }

        Drop(leaving);
    }

    private void RemoveFromEngines(ReadOnlySpan<SlotRecord> slots)
    {
        foreach (SlotRecord slot in slots)
        {
            _engines.SlotRemoved(slot);
        }
    }

    private void DropSlots()
    {
        for (int addressSpace = 0; addressSpace < 2; addressSpace++)
        {
            Change(addressSpace, _core.Slots[addressSpace].All, []);
        }
    }

    // A read-only slot becomes writable, or the other way round. If the host throws, it is as it was.
    private void Toggle(SlotRecord slot)
    {
        bool wasReadOnly = slot.IsReadOnly;
        Publish(slot, !wasReadOnly);
        bool done = false;
        try
        {
#if !MMU_FAULT_191
            if (!wasReadOnly)
            {
                // From here on nothing is mapped writable; what was goes.
                _ = ForRange(RangeWork.Unmap, slot.BaseGfn, slot.EndGfn, slot.AddressSpace);
            }

#endif
            using (MmuWriteGuard held = _core.Lock.Enter())
            {
                _core.Gate.FlushAll();
            }

            done = true;
        }
        finally
        {
            if (!done)
            {
                Publish(slot, wasReadOnly);
            }
        }

        // Who walks may mark entries in it by what it was.
        _core.Gate.WaitForCalls();
    }

    private void Publish(SlotRecord slot, bool isReadOnly)
    {
        using MmuWriteGuard held = _core.Lock.Enter();
        slot.SetReadOnly(isReadOnly);
        _core.Memories[slot.AddressSpace].Replace(_core.Slots[slot.AddressSpace]);
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
}
