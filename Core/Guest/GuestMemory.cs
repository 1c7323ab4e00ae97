// Guest: the memory slots of a VM.
using System;
using System.Threading;
using Mmu.Addressing;

namespace Mmu.Guest;

/// <summary>The guest-physical memory of a VM: up to <see cref="MaxSlots"/> slots that do not overlap.</summary>
/// <remarks>
/// Slots may be added and removed while other threads walk; a walk, a read or a write uses the slots that were there when it began. The
/// host must keep a removed slot's memory valid until all that began before the removal have ended.
/// </remarks>
public sealed partial class GuestMemory
{
    /// <summary>Most slots a VM can have.</summary>
    public const int MaxSlots = 32764;

    private const ulong PageBytes = 4096;
    private const ulong AddressLimit = 1UL << 52;
    private const ulong MaxSlotBytes = int.MaxValue * PageBytes;

    private readonly Lock _changing = new();

    // immutable after publish; replaced under _changing
    private volatile SlotTable _table;

    /// <summary>Creates memory without slots.</summary>
    public GuestMemory()
        : this(SlotTable.Empty)
    {
    }

    internal GuestMemory(SlotTable table) => _table = table;

    /// <summary>Creates a VM's memory, whose writers tell the VM's records of what they write.</summary>
    internal GuestMemory(SlotRecords records)
        : this(new SlotTable([], records))
    {
    }

    /// <summary>The slots, in ascending order of address. A snapshot.</summary>
    public ReadOnlySpan<MemorySlot> Slots => _table.Slots;

    internal SlotTable Table => _table;

    /// <summary>Adds a slot.</summary>
    /// <param name="slot">The slot.</param>
    /// <exception cref="ArgumentException">The slot is unaligned, empty, too large, wraps, ends above 2^52, has no host address or
    /// undefined flags, or overlaps another.</exception>
    /// <exception cref="InvalidOperationException">There are already <see cref="MaxSlots"/> slots.</exception>
    public void AddSlot(in MemorySlot slot)
    {
        Validate(slot);
        lock (_changing)
        {
            RefuseIllegal(slot, _table);
            _table = _table.With(slot);
        }
    }

    /// <summary>Removes the slot that starts at the given address.</summary>
    /// <param name="baseAddress">Its first guest physical address.</param>
    /// <exception cref="ArgumentException">No slot starts there.</exception>
    public void RemoveSlot(Gpa baseAddress)
    {
        lock (_changing)
        {
            _table = _table.Without(IndexOf(baseAddress));
        }
    }

    /// <summary>Throws as <see cref="AddSlot"/> would, or as it would after <paramref name="leaving"/> was removed; changes nothing.</summary>
    internal void CheckSlot(in MemorySlot slot, Gpa? leaving = null)
    {
        Validate(slot);
        lock (_changing)
        {
            RefuseIllegal(slot, leaving is { } start ? _table.Without(IndexOf(start)) : _table);
        }
    }

    /// <summary>Throws if slots in ascending order could not be all that there are.</summary>
    internal static void CheckSlots(MemorySlot[] slots)
    {
        if (slots.Length > MaxSlots)
        {
            throw new InvalidOperationException($"A VM has at most {MaxSlots} memory slots, not {slots.Length}.");
        }

        SlotTable table = new(slots);
        for (int i = 0; i < slots.Length; i++)
        {
            Validate(slots[i]);
            RefuseOverlap(slots[i], table, i - 1);
        }
    }

    /// <summary>Takes over the slots of the VM's records, all at once: nobody sees some of a change.</summary>
    internal void Replace(SlotRecords records)
    {
        MemorySlot[] slots = new MemorySlot[records.All.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = records.All[i].Slot;
        }

        lock (_changing)
        {
            _table = new SlotTable(slots, records);
        }
    }

    /// <summary>The slot that holds an address; false if none does.</summary>
    internal bool TryGetSlot(Gpa gpa, out MemorySlot slot)
    {
        ReadOnlySpan<MemorySlot> slots = _table.Slots;
        int low = 0;
        int high = slots.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (slots[middle].Last.Value < gpa.Value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        slot = low < slots.Length ? slots[low] : default;
        return low < slots.Length && slot.Base.Value <= gpa.Value;
    }

    private static void RefuseIllegal(in MemorySlot slot, SlotTable table)
    {
        if (table.Slots.Length == MaxSlots)
        {
            throw new InvalidOperationException($"The VM already has {MaxSlots} memory slots.");
        }

        int at = table.IndexOf(slot.Base.Value);
#if !MMU_FAULT_33
        RefuseOverlap(slot, table, at - 1);
#endif
        RefuseOverlap(slot, table, at);
    }

    private int IndexOf(Gpa baseAddress)
    {
        int at = _table.IndexOf(baseAddress.Value);
        if (at == _table.Slots.Length || _table.Slots[at].Base != baseAddress)
        {
            throw new ArgumentException($"No memory slot starts at {baseAddress}.", nameof(baseAddress));
        }

        return at;
    }

    private static void Validate(in MemorySlot slot)
    {
        if (slot.Base.Value % PageBytes != 0)
        {
            throw new ArgumentException($"The slot's base {slot.Base} is not a multiple of 4096.", nameof(slot));
        }

        if (slot.Size == 0 || slot.Size % PageBytes != 0)
        {
            throw new ArgumentException($"The slot's size 0x{slot.Size:x} is not a positive multiple of 4096.", nameof(slot));
        }

        if (slot.Size > MaxSlotBytes)
        {
            throw new ArgumentException($"The slot's size 0x{slot.Size:x} exceeds the limit of 0x{MaxSlotBytes:x} bytes.", nameof(slot));
        }

        if (slot.Base.Value >= AddressLimit || slot.Size > AddressLimit - slot.Base.Value)
        {
            throw new ArgumentException($"The slot at {slot.Base} of 0x{slot.Size:x} bytes ends above the limit 0x{AddressLimit:x}.", nameof(slot));
        }

        if (slot.HostAddress == 0 || slot.HostAddress % (nuint)PageBytes != 0)
        {
            throw new ArgumentException($"The slot's host address 0x{slot.HostAddress:x} is not a positive multiple of 4096.", nameof(slot));
        }

        if (slot.Size > nuint.MaxValue - slot.HostAddress)
        {
            throw new ArgumentException($"The slot's host range at 0x{slot.HostAddress:x} of 0x{slot.Size:x} bytes wraps.", nameof(slot));
        }

        if ((slot.Flags & ~(SlotFlags.ReadOnly | SlotFlags.Resolved | SlotFlags.Device | SlotFlags.ExecuteOnly)) != 0)
        {
            throw new ArgumentException($"The slot's flags 0x{(int)slot.Flags:x} are not all defined.", nameof(slot));
        }
    }

    private static void RefuseOverlap(in MemorySlot slot, SlotTable table, int index)
    {
        if ((uint)index >= (uint)table.Slots.Length)
        {
            return;
        }

        MemorySlot other = table.Slots[index];
        if (slot.Base.Value <= other.Last.Value && other.Base.Value <= slot.Last.Value)
        {
            throw new ArgumentException(
                $"The slot {slot.Base}–{slot.Last} overlaps the slot {other.Base}–{other.Last}.", nameof(slot));
        }
    }
}
