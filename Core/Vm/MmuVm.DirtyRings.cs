// Vm: dirty rings are made and reset.
using System;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    /// <summary>
    /// Frees the entries that were taken from all vCPUs' rings, and makes their pages show again: read the pages after this. Entries whose content is not
    /// what the library wrote are freed and count for nothing.
    /// </summary>
    /// <returns>How many entries were freed.</returns>
    public int ResetDirtyRings()
    {
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        int count = 0;
        bool flush = _owesDirtyFlush;
        foreach (MmuVcpu? vcpu in _vcpus)
        {
            if (vcpu?.Inner.DirtyRing is { } ring)
            {
                flush |= Reset(ring, ref count);
            }
        }

        // A flush that failed is owed though nothing was freed since.
#if MMU_FAULT_171
        if (count != 0)
#else
        if (count != 0 || flush)
#endif
        {
            EndProtection(flush);
        }

        return count;
    }

    private DirtyRing? CreateRing() => _core.DirtyRingEntries == 0 ? null
        : DirtyRing.TryCreate(_core.Private, _core.DirtyRingEntries, _core.DirtyRingReserve, out DirtyRing ring) ? ring
        : throw new InvalidOperationException($"The private arena has no room for a dirty ring of {_core.DirtyRingEntries} entries (MmuVmOptions.PrivateBytes).");

    // Entries that follow each other and are in the same 64 pages are handed back together.
    private bool Reset(DirtyRing ring, ref int count)
    {
        bool flush = false;
        SlotRecord? slot = null;
        ulong word = 0;
        ulong mask = 0;
        while (ring.TryReset(out DirtyRingEntry entry))
        {
            count++;
            _owesDirtyFlush = true;
            if (slot is null || slot.Id != (int)entry.Slot || entry.Page >> 6 != word)
            {
                flush |= LogRingedAgain(slot, word, mask);
                slot = FindLogged(entry.Slot);
                word = entry.Page >> 6;
                mask = 0;
            }

            // The page alone, before anything is added to it (bug 7).
#if MMU_FAULT_167
            if (slot is not null && slot.BaseGfn + entry.Page < slot.EndGfn)
#else
            if (slot is not null && entry.Page < slot.Pages)
#endif
            {
                mask |= 1UL << (int)(entry.Page & 63);
            }
        }

        return flush | LogRingedAgain(slot, word, mask);
    }

    private bool LogRingedAgain(SlotRecord? slot, ulong word, ulong mask)
    {
        ulong cleared = 0;
        foreach (DirtyConsumer consumer in mask != 0 && slot?.DirtyLog is { } log ? log.Consumers : default)
        {
            // Of pages that are not in the ring nothing is forgotten: their bits are in this log's bitmap.
            if (consumer.Unringed is { } unringed)
            {
                cleared |= consumer.Written.ClearWord(word, mask & ~unringed[word]);
            }
        }

        return cleared != 0 && LogAgain(slot!, word, new ReadOnlySpan<ulong>(in cleared));
    }

    private SlotRecord? FindLogged(uint id)
    {
        foreach (SlotRecords records in _core.Slots)
        {
            foreach (SlotRecord slot in records.All)
            {
                if (slot.IsLogged && (uint)slot.Id == id)
                {
                    return slot;
                }
            }
        }

        return null;
    }
}
