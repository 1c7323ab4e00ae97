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
            SlotTable table = _table;
            if (table.Slots.Length == MaxSlots)
            {
                throw new InvalidOperationException($"The VM already has {MaxSlots} memory slots.");
            }

            int at = table.IndexOf(slot.Base.Value);
#if !MMU_FAULT_33
            RefuseOverlap(slot, table, at - 1);
#endif
            RefuseOverlap(slot, table, at);
            _table = table.With(slot);
        }
    }

    /// <summary>Removes the slot that starts at the given address.</summary>
    /// <param name="baseAddress">Its first guest physical address.</param>
    /// <exception cref="ArgumentException">No slot starts there.</exception>
    public void RemoveSlot(Gpa baseAddress)
    {
        lock (_changing)
        {
            SlotTable table = _table;
            int at = table.IndexOf(baseAddress.Value);
            if (at == table.Slots.Length || table.Slots[at].Base != baseAddress)
            {
                throw new ArgumentException($"No memory slot starts at {baseAddress}.", nameof(baseAddress));
            }

            _table = table.Without(at);
        }
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

        if ((slot.Flags & ~SlotFlags.ReadOnly) != 0)
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
