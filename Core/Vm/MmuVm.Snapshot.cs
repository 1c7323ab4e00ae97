// Vm: snapshots are taken and restored.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    private const int RangesPerRestore = 256;

    // guarded by: _slotsLock. What is being restored.
    private readonly DirtyRange[] _restored = new DirtyRange[RangesPerRestore];

    /// <summary>
    /// Copies the memory of all writable slots, and logs what is written from now on, so that <see cref="MmuSnapshot.Restore"/> has to copy that alone.
    /// Slots that are added later are left alone.
    /// </summary>
    /// <returns>The snapshot; dispose of it before the VM.</returns>
    /// <exception cref="InvalidOperationException">A vCPU is in guest, or there is no room for the logs (<see cref="MmuVmOptions.PrivateBytes"/>) or for the
    /// copy.</exception>
    public MmuSnapshot TakeSnapshot()
    {
        RefuseCaller();
        RefuseRunning();
        List<(Gpa Base, int AddressSpace)> places = ListWritable(out ulong bytes);
        List<SnapshotSlot> slots = [];
        PrivateArena? memory = null;
        try
        {
            memory = new PrivateArena(Math.Max(bytes, NativePages.PageBytes));
            foreach ((Gpa start, int addressSpace) in places)
            {
#pragma warning disable CA2000 // The list has it, and the catch block below.
                slots.Add(new SnapshotSlot(StartDirtyLog(start, options: null, addressSpace), default));
#pragma warning restore CA2000
                slots[^1] = slots[^1] with { Content = memory.Allocate<byte>(slots[^1].Log.Pages * PageBytes) };
                Save(slots[^1]);
            }

            return new MmuSnapshot(this, memory, [.. slots]);
        }
        catch
        {
            slots.ForEach(slot => slot.Log.Dispose());
            memory?.Dispose();
            throw;
        }
    }

    /// <summary>Puts back what was written since a snapshot was taken.</summary>
    internal ulong Restore(MmuSnapshot snapshot)
    {
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        RefuseRunning();
        foreach (SnapshotSlot slot in snapshot.Slots)
        {
            // All of them before anything is changed.
            _ = RequireLog(slot.Log);
        }

        ulong pages = 0;
        foreach (SnapshotSlot slot in snapshot.Slots)
        {
            for (int count; (count = TakeRangesHeld(slot.Log, _restored)) != 0;)
            {
                foreach (DirtyRange range in _restored.AsSpan(0, count))
                {
                    Restore(slot, range);
                    pages += range.Bytes / PageBytes;
                }
            }
        }

        if (pages != 0)
        {
            // What TLBs know comes from tables of the guest's that may be others now.
            using MmuWriteGuard held = _core.Lock.Enter();
            _core.Gate.FlushAll();
        }

        MmuEvents.Log.SnapshotRestored(_core.Number, (long)pages);
        return pages;
    }

    private void Restore(SnapshotSlot slot, DirtyRange range)
    {
        SlotRecord record = slot.Log.Slot;
        _ = _core.Memories[record.AddressSpace].Table.TryFind(range.Start.Value, out GuestWindow window);
        ulong first = range.Start.Value - record.Slot.Base.Value;
        for (ulong at = 0; at < range.Bytes; at += PageBytes)
        {
            GuestWindow.Write(window.HostOf(range.Start.Value + at), slot.Content.Slice(first + at, (int)PageBytes));
        }

        foreach (DirtyConsumer other in record.DirtyLog!.Consumers)
        {
            for (ulong at = 0; at < range.Bytes && other != slot.Log.Consumer; at += PageBytes)
            {
                other.Mark((uint)record.Id, (first + at) / PageBytes, ring: null);
            }
        }

        AnnounceTables(record, range);
    }

    // Whole pages: what our tables made of them may differ from what they hold even where they were written with what they held before.
    private void AnnounceTables(SlotRecord slot, DirtyRange range)
    {
        ulong end = (range.Start.Value + range.Bytes) >> 12;
        for (ulong gfn = range.Start.Value >> 12; TryNextGuarded(slot, gfn, end, out ulong found); gfn = found + 1)
        {
            _engines.GuestWrote(slot.AddressSpace, new Gpa(found << 12), (int)PageBytes);
        }
    }

    private bool TryNextGuarded(SlotRecord slot, ulong gfn, ulong end, out ulong found)
    {
        using MmuReadGuard held = _core.Lock.EnterSharedAsHost();
        return slot.TryNextGuarded(gfn, end, out found);
    }

    private void Save(SnapshotSlot slot)
    {
        using RankedHold hold = _slotsLock.Enter();
        _ = RequireLog(slot.Log);
        for (ulong page = 0; page < slot.Log.Pages; page++)
        {
            ContentOf(slot.Log.Slot, page).CopyTo(slot.Content.Slice(page * PageBytes, (int)PageBytes));
        }
    }

    // With room for guard pages around each.
    private List<(Gpa Base, int AddressSpace)> ListWritable(out ulong bytes)
    {
        List<(Gpa, int)> places = [];
        bytes = 0;
        using RankedHold hold = _slotsLock.Enter();
        foreach (SlotRecords records in _core.Slots)
        {
            foreach (SlotRecord slot in records.All)
            {
                if (!slot.IsReadOnly)
                {
                    places.Add((slot.Slot.Base, slot.AddressSpace));
                    bytes += slot.Slot.Size + (2 * NativePages.PageBytes);
                }
            }
        }

        return places;
    }

    private void RefuseRunning()
    {
        foreach (MmuVcpu? vcpu in _vcpus)
        {
            if (vcpu is not null && _core.Gate.IsInside(vcpu.Id))
            {
                throw new InvalidOperationException($"vCPU {vcpu.Id} is in guest: a snapshot is taken and restored while none is.");
            }
        }
    }
}
