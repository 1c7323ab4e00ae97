// Vm: takes dirty pages out of logs.
using System;
using System.Numerics;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    // guarded by: _slotsLock. What is being taken.
    private readonly ulong[] _block = new ulong[DirtyBitmap.BlockWords];

    /// <summary>
    /// Takes the dirty pages of words [firstWord, firstWord + bitmap.Length). What is taken is made to show again, then everyone who could still write
    /// unnoticed is flushed, then it is reported: a failure on the way puts it back.
    /// </summary>
    internal ulong TakeDirty(DirtyLogSession session, ulong firstWord, Span<ulong> bitmap, bool confirmed)
    {
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        DirtyConsumer consumer = RequireLog(session);
        SlotRecord slot = session.Slot;
        if (!confirmed && !consumer.TryMakeReported(_core.Private, slot.Pages))
        {
            throw new InvalidOperationException($"The private arena has no room for a second bitmap of the slot {slot.Slot.Base}–{slot.Slot.Last} (MmuVmOptions.PrivateBytes).");
        }

        bitmap.Clear();
        bool done = false;
        try
        {
            bool taken = TakeWritten(slot, consumer, firstWord, bitmap, out bool flush);
            if (taken)
            {
                EndProtection(flush);
            }

            done = true;
        }
        finally
        {
            if (!done)
            {
                PutBack(consumer, firstWord, bitmap);
            }
        }

        NoteHashes(slot, consumer, firstWord, bitmap);
        if (consumer.Reported is { } reported)
        {
            MergeReported(reported, firstWord, bitmap, confirmed);
        }

        return Count(bitmap);
    }

    /// <summary>Forgets that pages [first, end) were reported.</summary>
    internal void ConfirmDirty(DirtyLogSession session, ulong first, ulong end)
    {
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        if (RequireLog(session).Reported is not { } reported)
        {
            return;
        }

        for (ulong word = first >> 6; reported.TryFindWord(ref word) && word << 6 < end; word++)
        {
            ulong mask = ulong.MaxValue;
            if (word == first >> 6)
            {
                mask <<= (int)(first & 63);
            }

            // Half-open: the page at the end is not confirmed (bug 25).
            if (word == end >> 6)
            {
#if MMU_FAULT_165
                mask &= (2UL << (int)(end & 63)) - 1;
#else
                mask &= (1UL << (int)(end & 63)) - 1;
#endif
            }

            _ = reported.ClearWord(word, mask);
        }
    }

    /// <summary>Takes dirty pages as ranges, lowest first.</summary>
    internal int TakeDirtyRanges(DirtyLogSession session, Span<DirtyRange> ranges)
    {
        RefuseCaller();
        using RankedHold hold = _slotsLock.Enter();
        return TakeRangesHeld(session, ranges);
    }

    private int TakeRangesHeld(DirtyLogSession session, Span<DirtyRange> ranges)
    {
        DirtyConsumer consumer = RequireLog(session);
        if (consumer.Reported is { } reported)
        {
            // What was reported and not confirmed is dirty still.
            for (ulong word = 0; reported.TryFindWord(ref word); word++)
            {
                consumer.Source.SetWord(word, reported.ClearWord(word, ulong.MaxValue));
            }
        }

        int count = 0;
        bool done = false;
        try
        {
            if (TakeRanges(session.Slot, consumer, ranges, ref count, out bool flush))
            {
                EndProtection(flush);
            }

            done = true;
        }
        finally
        {
            if (!done)
            {
                PutBack(session.Slot, consumer, ranges[..count]);
            }
        }

        NoteHashes(session.Slot, consumer, ranges[..count]);
        return count;
    }

    private bool TakeWritten(SlotRecord slot, DirtyConsumer consumer, ulong firstWord, Span<ulong> bitmap, out bool flush)
    {
        flush = _owesDirtyFlush;
        bool taken = flush;
        Span<ulong> block = _block;
        ulong end = firstWord + (ulong)bitmap.Length;
        for (ulong word = firstWord; consumer.Source.TryTakeBlock(ref word, end, block); word += DirtyBitmap.BlockWords)
        {
            for (int i = 0; i < block.Length; i++)
            {
                if (block[i] != 0)
                {
                    bitmap[(int)(word + (ulong)i - firstWord)] = block[i];
                }
            }

            flush |= LogTakenAgain(slot, consumer, word, block);
            taken = true;
        }

        return taken;
    }

    private bool TakeRanges(SlotRecord slot, DirtyConsumer consumer, Span<DirtyRange> ranges, ref int count, out bool flush)
    {
        flush = _owesDirtyFlush;
        bool taken = flush;
        Span<ulong> block = _block;
        DirtyBitmap source = consumer.Source;
        bool all = true;
        for (ulong word = 0; all && source.TryTakeBlock(ref word, source.Words, block); word += DirtyBitmap.BlockWords)
        {
            int kept = AddRanges(slot, word, block, ranges, ref count);
            all = kept == block.Length * 64;
            for (int i = kept / 64; i < block.Length; i++)
            {
                ulong back = i == kept / 64 ? block[i] & (ulong.MaxValue << (kept % 64)) : block[i];
                if (back != 0)
                {
                    source.SetWord(word + (ulong)i, back);
                    block[i] &= ~back;
                }
            }

            flush |= LogTakenAgain(slot, consumer, word, block);
            taken = true;
        }

        return taken;
    }

    private bool LogTakenAgain(SlotRecord slot, DirtyConsumer consumer, ulong firstWord, ReadOnlySpan<ulong> words)
    {
        _owesDirtyFlush = true;
        if (consumer.Unringed is not null)
        {
            for (int i = 0; i < words.Length; i++)
            {
                if (words[i] != 0)
                {
                    _ = consumer.Written.ClearWord(firstWord + (ulong)i, words[i]);
                }
            }
        }

        return LogAgain(slot, firstWord, words);
    }

    // Adds the runs of bits of a block to ranges; returns the bit before which there was no more room.
    private static int AddRanges(SlotRecord slot, ulong firstWord, ReadOnlySpan<ulong> block, Span<DirtyRange> ranges, ref int count)
    {
        for (int i = 0; i < block.Length; i++)
        {
            for (ulong left = block[i]; left != 0;)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                int length = BitOperations.TrailingZeroCount(~(left >> bit));
                ulong start = slot.Slot.Base.Value + ((((firstWord + (ulong)i) * 64) + (ulong)bit) * PageBytes);
                if (count > 0 && ranges[count - 1].Start.Value + ranges[count - 1].Bytes == start)
                {
                    ranges[count - 1] = ranges[count - 1] with { Bytes = ranges[count - 1].Bytes + ((ulong)length * PageBytes) };
                }
                else if (count == ranges.Length)
                {
                    return (i * 64) + bit;
                }
                else
                {
                    ranges[count++] = new DirtyRange(new Gpa(start), (ulong)length * PageBytes);
                }

                left = bit + length >= 64 ? 0 : left & (ulong.MaxValue << (bit + length));
            }
        }

        return block.Length * 64;
    }

    // Nobody was told of these pages: the next harvest is.
    private static void PutBack(DirtyConsumer consumer, ulong firstWord, ReadOnlySpan<ulong> bitmap)
    {
        for (int i = 0; i < bitmap.Length; i++)
        {
            if (bitmap[i] != 0)
            {
                consumer.Written.SetWord(firstWord + (ulong)i, bitmap[i]);
                consumer.Unringed?.SetWord(firstWord + (ulong)i, bitmap[i]);
            }
        }
    }

    private static void PutBack(SlotRecord slot, DirtyConsumer consumer, ReadOnlySpan<DirtyRange> ranges)
    {
        foreach (DirtyRange range in ranges)
        {
            ulong first = (range.Start.Value - slot.Slot.Base.Value) / PageBytes;
            for (ulong page = first; page < first + (range.Bytes / PageBytes); page++)
            {
                _ = consumer.Written.Set(page);
                _ = consumer.Unringed?.Set(page);
            }
        }
    }

    // Pages that wait to be confirmed are reported too: those from before, and those just taken.
    private static void MergeReported(DirtyBitmap reported, ulong firstWord, Span<ulong> bitmap, bool confirmed)
    {
        ulong end = firstWord + (ulong)bitmap.Length;
        for (ulong word = firstWord; reported.TryFindWord(ref word) && word < end; word++)
        {
            bitmap[(int)(word - firstWord)] |= confirmed ? reported.ClearWord(word, ulong.MaxValue) : reported[word];
        }

        for (int i = 0; i < bitmap.Length && !confirmed; i++)
        {
            if (bitmap[i] != 0)
            {
                reported.SetWord(firstWord + (ulong)i, bitmap[i]);
            }
        }
    }

    private static ulong Count(ReadOnlySpan<ulong> bitmap)
    {
        ulong count = 0;
        foreach (ulong word in bitmap)
        {
            count += (ulong)BitOperations.PopCount(word);
        }

        return count;
    }

    private static DirtyConsumer RequireLog(DirtyLogSession session) => !session.IsEnded
        ? session.Consumer
        : throw new InvalidOperationException($"The dirty log of the slot at {session.SlotBase} has ended: it was closed, or the slot was removed or moved.");
}
