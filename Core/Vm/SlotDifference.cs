// Vm: what has to be done for an address space to have the slots that are wanted.
using System;
using System.Collections.Generic;
using Mmu.Guest;

namespace Mmu.Vm;

/// <summary>The difference of the slots there are and those that are wanted; both in ascending order.</summary>
internal sealed class SlotDifference
{
    private int _both;

    internal SlotDifference(ReadOnlySpan<SlotRecord> present, ReadOnlySpan<MemorySlot> wanted)
    {
        int at = 0;
        foreach (MemorySlot slot in wanted)
        {
            while (at < present.Length && present[at].Slot.Base.CompareTo(slot.Base) < 0)
            {
                Leaving.Add(present[at++]);
            }

            if (at == present.Length || present[at].Slot.Base != slot.Base)
            {
                Coming.Add(slot);
            }
            else
            {
                Compare(present[at++], slot);
            }
        }

        foreach (SlotRecord rest in present[at..])
        {
            Leaving.Add(rest);
        }
    }

    /// <summary>Slots that are not wanted, or not so.</summary>
    internal List<SlotRecord> Leaving { get; } = [];

    /// <summary>Slots that are not there, or not so.</summary>
    internal List<MemorySlot> Coming { get; } = [];

    /// <summary>Slots that are to become read-only, or writable, and are right otherwise.</summary>
    internal List<SlotRecord> Toggled { get; } = [];

    /// <summary>How many slots are concerned; one that goes and comes back otherwise counts once.</summary>
    internal int Count => Leaving.Count + Coming.Count + Toggled.Count - _both;

    private void Compare(SlotRecord present, in MemorySlot wanted)
    {
        if (present.Slot == wanted)
        {
            return;
        }

        if (present.Slot with { Flags = present.Slot.Flags ^ SlotFlags.ReadOnly } == wanted)
        {
            Toggled.Add(present);
            return;
        }

        Leaving.Add(present);
        Coming.Add(wanted);
        _both++;
    }
}
