// Guest: an immutable sorted list of slots, replaced as a whole when a slot is added or removed.
using System;

namespace Mmu.Guest;

/// <summary>The slots of a VM at one moment, sorted by guest physical address.</summary>
internal sealed class SlotTable
{
    internal static readonly SlotTable Empty = new([]);

    private readonly MemorySlot[] _slots;
    private readonly GuestWindow[] _windows;

    /// <summary>Takes over slots that are legal, sorted and apart.</summary>
    internal SlotTable(MemorySlot[] slots, SlotRecords? records = null)
    {
        Records = records;
        _slots = slots;
        _windows = new GuestWindow[slots.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            _windows[i] = new GuestWindow(slots[i]);
        }
    }

    internal ReadOnlySpan<MemorySlot> Slots => _slots;

    /// <summary>What the VM keeps about the slots, and is to be told of writes; null for memory that is no VM's.</summary>
    internal SlotRecords? Records { get; }

    /// <summary>Finds the window that holds <paramref name="gpa"/>; false if no slot does.</summary>
    internal bool TryFind(ulong gpa, out GuestWindow window)
    {
        int low = 0;
        int high = _windows.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            window = _windows[middle];
            if (window.Holds(gpa))
            {
                return true;
            }

            if (gpa < window.Base)
            {
                high = middle - 1;
            }
            else
            {
                low = middle + 1;
            }
        }

        window = default;
        return false;
    }

    /// <summary>The index at which a slot that starts at <paramref name="gpa"/> stands or would stand.</summary>
    internal int IndexOf(ulong gpa)
    {
        int low = 0;
        int high = _slots.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_slots[middle].Base.Value < gpa)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    internal SlotTable With(in MemorySlot slot)
    {
        int at = IndexOf(slot.Base.Value);
        MemorySlot[] slots = new MemorySlot[_slots.Length + 1];
        Array.Copy(_slots, slots, at);
        slots[at] = slot;
        Array.Copy(_slots, at, slots, at + 1, _slots.Length - at);
        return new SlotTable(slots, Records);
    }

    internal SlotTable Without(int index)
    {
        MemorySlot[] slots = new MemorySlot[_slots.Length - 1];
        Array.Copy(_slots, slots, index);
        Array.Copy(_slots, index + 1, slots, index, slots.Length - index);
        return new SlotTable(slots, Records);
    }
}
