// Guest: the slots of a VM by frame, for those who hold the MMU lock.
using System;
using Mmu.Diagnostics;
using Mmu.Memory;

namespace Mmu.Guest;

/// <summary>The slots of one address space of a VM, sorted by frame.</summary>
/// <remarks>Guarded by: MmuLock(write). Replaced as a whole by the host; looking up does not allocate.</remarks>
internal sealed class SlotRecords
{
    private SlotRecord[] _slots = [];
    private SlotRecord? _last;

    /// <summary>The slots, in ascending order.</summary>
    internal ReadOnlySpan<SlotRecord> All => _slots;

    /// <summary>How many slots have a dirty log. Without the lock a hint.</summary>
    internal int Logged { get; set; }

    /// <summary>Where events go; null if nobody wants them.</summary>
    internal TraceRing? Trace { get; set; }

    /// <summary>A walk set accessed and dirty bits in the guest's entry at an address.</summary>
    internal void Marked(ulong gpa, ulong bits)
    {
        Wrote(gpa, 1);
        if (Trace is { } trace)
        {
            TraceMarks(trace, gpa, bits);
        }
    }

    /// <summary>
    /// Guest memory was written by anyone but a processor on our tables; the store has been made. In a vCPU's call or stay in guest, or with the lock
    /// held.
    /// </summary>
    internal void Wrote(ulong gpa, ulong bytes)
    {
        // The store is visible before the look: who starts a log later finds it in memory.
        HostAtomics.Fence();
        if (Logged == 0 || bytes == 0)
        {
            return;
        }

        for (ulong gfn = gpa >> 12; gfn <= (gpa + bytes - 1) >> 12; gfn++)
        {
            FindLockless(gfn)?.DirtyLog?.Mark(gfn);
        }
    }

    /// <summary>The slot that holds a frame; null if none does. One that is leaving is found too.</summary>
    internal SlotRecord? Find(ulong gfn)
    {
        SlotRecord? last = _last;
        if (last is not null && last.Holds(gfn))
        {
            return last;
        }

        SlotRecord? found = Search(_slots, gfn);
        _last = found ?? last;
        return found;
    }

    /// <summary>
    /// As <see cref="Find"/>, for a vCPU in guest that does not hold the lock: what it finds stays valid until it polls or leaves.
    /// </summary>
    internal SlotRecord? FindLockless(ulong gfn) => Search(_slots, gfn);

    /// <summary>The slot that holds a frame, or else the first above it; null if there is none.</summary>
    internal SlotRecord? FindFrom(ulong gfn)
    {
        int low = 0;
        int high = _slots.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (gfn - _slots[middle].BaseGfn < _slots[middle].Pages || gfn < _slots[middle].BaseGfn)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low < _slots.Length ? _slots[low] : null;
    }

    /// <summary>Takes slots out and adds others, which overlap none that stay. All are in ascending order.</summary>
    internal void Change(ReadOnlySpan<SlotRecord> leaving, ReadOnlySpan<SlotRecord> coming)
    {
        SlotRecord[] slots = new SlotRecord[_slots.Length - leaving.Length + coming.Length];
        int left = 0;
        int came = 0;
        int at = 0;
        foreach (SlotRecord slot in _slots)
        {
            if (left < leaving.Length && leaving[left] == slot)
            {
                left++;
                continue;
            }

            while (came < coming.Length && coming[came].BaseGfn < slot.BaseGfn)
            {
                slots[at++] = coming[came++];
            }

            slots[at++] = slot;
        }

        coming[came..].CopyTo(slots.AsSpan(at));
        _slots = slots;
        _last = null;
    }

    // Accessed and dirty are other bits in EPT's entries, which no other format sets in a walk.
    private static void TraceMarks(TraceRing trace, ulong gpa, ulong bits)
    {
        const ulong accessed = (1 << 5) | (1 << 8);
        const ulong dirty = (1 << 6) | (1 << 9);
        if ((bits & accessed) != 0)
        {
            trace.Write(TracePoint.SetAccessedBit, gpa);
        }

        if ((bits & dirty) != 0)
        {
            trace.Write(TracePoint.SetDirtyBit, gpa);
        }
    }

    private static SlotRecord? Search(SlotRecord[] slots, ulong gfn)
    {
        int low = 0;
        int high = slots.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            SlotRecord slot = slots[middle];
            if (slot.Holds(gfn))
            {
                return slot;
            }

            if (gfn < slot.BaseGfn)
            {
                high = middle - 1;
            }
            else
            {
                low = middle + 1;
            }
        }

        return null;
    }
}
