// Vm: dirty logs that verify themselves.
using System;
using System.Collections.Generic;
using System.Numerics;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    /// <summary>The pages that differ from what was last reported of them, and that nobody has marked.</summary>
    internal Gpa[] FindMissedWrites(DirtyLogSession session)
    {
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        DirtyConsumer consumer = RequireLog(session);
        if (consumer.Hashes is not { } hashes)
        {
            throw new InvalidOperationException($"The dirty log of the slot at {session.SlotBase} was started without DirtyLogOptions.Verify.");
        }

        List<Gpa> missed = [];
        for (ulong page = 0; page < session.Pages; page++)
        {
            // The mark is looked for last: a write that is just being made and marked is none that was missed.
            if (!consumer.Written.IsSet(page) && !hashes.IsSame(page, ContentOf(session.Slot, page)) && !consumer.Written.IsSet(page))
            {
                missed.Add(new Gpa(session.SlotBase.Value + (page * PageBytes)));
            }
        }

        return [.. missed];
    }

    private void NoteHashes(SlotRecord slot, DirtyConsumer consumer)
    {
        for (ulong page = 0; consumer.Hashes is { } hashes && page < slot.Pages; page++)
        {
            hashes.Note(page, ContentOf(slot, page));
        }
    }

    private void NoteHashes(SlotRecord slot, DirtyConsumer consumer, ulong firstWord, ReadOnlySpan<ulong> bitmap)
    {
        for (int i = 0; consumer.Hashes is { } hashes && i < bitmap.Length; i++)
        {
            for (ulong left = bitmap[i]; left != 0; left &= left - 1)
            {
                ulong page = ((firstWord + (ulong)i) * 64) + (ulong)BitOperations.TrailingZeroCount(left);
                hashes.Note(page, ContentOf(slot, page));
            }
        }
    }

    private void NoteHashes(SlotRecord slot, DirtyConsumer consumer, ReadOnlySpan<DirtyRange> ranges)
    {
        foreach (DirtyRange range in consumer.Hashes is null ? default : ranges)
        {
            ulong first = (range.Start.Value - slot.Slot.Base.Value) / PageBytes;
            for (ulong page = first; page < first + (range.Bytes / PageBytes); page++)
            {
                consumer.Hashes!.Note(page, ContentOf(slot, page));
            }
        }
    }

    // The slots' lock is held, so the slot is there.
    private ReadOnlySpan<byte> ContentOf(SlotRecord slot, ulong page)
    {
        ulong gpa = slot.Slot.Base.Value + (page * PageBytes);
        _ = _core.Memories[slot.AddressSpace].Table.TryFind(gpa, out GuestWindow window);
        return window.Bytes(gpa, (int)PageBytes);
    }
}
