// Vm: one consumer of a slot's dirty log.
using System;
using Mmu.Addressing;
using Mmu.Guest;

namespace Mmu.Vm;

/// <summary>
/// One consumer of the pages written in a slot, independent of others: exact from <see cref="MmuVm.StartDirtyLog"/> on. See docs/dirty-logging.md.
/// </summary>
/// <remarks>
/// Any thread. A bitmap has a bit for each page of the slot, bit n of word m for page 64·m + n. What a method reports was written before it returned; read
/// the pages after that. Nothing but <see cref="FindMissedWrites"/> allocates.
/// </remarks>
public sealed class DirtyLogSession : IDisposable
{
    private readonly MmuVm _vm;
    private readonly SlotRecord _slot;

    internal DirtyLogSession(MmuVm vm, SlotRecord slot, DirtyConsumer consumer, DirtyLogOptions options)
    {
        _vm = vm;
        _slot = slot;
        Consumer = consumer;
        Options = options;
    }

    /// <summary>How it works.</summary>
    public DirtyLogOptions Options { get; }

    /// <summary>First guest physical address of the slot.</summary>
    public Gpa SlotBase => _slot.Slot.Base;

    /// <summary>0, or 1 for the address space of system-management mode.</summary>
    public int AddressSpace => _slot.AddressSpace;

    /// <summary>Number of the slot in dirty rings.</summary>
    public uint SlotId => (uint)_slot.Id;

    /// <summary>Pages of the slot.</summary>
    public ulong Pages => _slot.Pages;

    /// <summary>Words that a bitmap of the whole slot has.</summary>
    public int Words => (int)((_slot.Pages + 63) / 64);

    /// <summary>Words of the log that all harvests so far have looked at: what they cost, whatever the machine.</summary>
    public ulong WordsVisited => Consumer.Source.WordsVisited;

    /// <summary>True when the session was closed, or its slot was removed or moved.</summary>
    public bool IsEnded => Consumer.IsEnded;

    internal DirtyConsumer Consumer { get; }

    internal SlotRecord Slot => _slot;

    /// <summary>Takes the dirty pages of the whole slot: they are reported once, and logged again from now on.</summary>
    /// <param name="bitmap">Receives <see cref="Words"/> words.</param>
    /// <returns>How many pages are dirty.</returns>
    /// <exception cref="ArgumentException">The bitmap has another length.</exception>
    /// <exception cref="InvalidOperationException">The session has ended.</exception>
    public ulong Harvest(Span<ulong> bitmap)
    {
        RefuseLength(bitmap);
        return _vm.TakeDirty(this, 0, bitmap, confirmed: true);
    }

    /// <summary>Takes the dirty pages of a part of the slot.</summary>
    /// <param name="firstPage">The first page; a multiple of 64.</param>
    /// <param name="bitmap">Receives as many words as it has room for.</param>
    /// <returns>How many pages are dirty.</returns>
    /// <exception cref="ArgumentException"><paramref name="firstPage"/> is no multiple of 64, or the bitmap reaches over the slot's end.</exception>
    /// <exception cref="InvalidOperationException">The session has ended.</exception>
    public ulong Harvest(ulong firstPage, Span<ulong> bitmap)
    {
        RefusePart(firstPage, bitmap);
        return _vm.TakeDirty(this, firstPage / 64, bitmap, confirmed: true);
    }

    /// <summary>
    /// Reports the dirty pages of a part of the slot, and keeps them: they are reported again by every call until <see cref="Clear"/> confirms them. So
    /// a consumer that fails half-way loses nothing. Writes after the call are reported by the next one even if this one is confirmed.
    /// </summary>
    /// <param name="firstPage">The first page; a multiple of 64.</param>
    /// <param name="bitmap">Receives as many words as it has room for.</param>
    /// <returns>How many pages are dirty.</returns>
    /// <exception cref="ArgumentException"><paramref name="firstPage"/> is no multiple of 64, or the bitmap reaches over the slot's end.</exception>
    /// <exception cref="InvalidOperationException">The session has ended, or the private arena has no room for a second bitmap; then nothing has
    /// changed.</exception>
    public ulong Get(ulong firstPage, Span<ulong> bitmap)
    {
        RefusePart(firstPage, bitmap);
        return _vm.TakeDirty(this, firstPage / 64, bitmap, confirmed: false);
    }

    /// <summary>Confirms pages that <see cref="Get"/> has reported: the consumer is done with them. Others are not touched.</summary>
    /// <param name="firstPage">The first page.</param>
    /// <param name="pages">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The pages reach over the slot's end.</exception>
    /// <exception cref="InvalidOperationException">The session has ended.</exception>
    public void Clear(ulong firstPage, ulong pages)
    {
        if (firstPage > Pages || pages > Pages - firstPage)
        {
            throw new ArgumentOutOfRangeException(nameof(pages), pages, $"Pages {firstPage} and {pages} on reach over the slot's {Pages} pages.");
        }

        _vm.ConfirmDirty(this, firstPage, firstPage + pages);
    }

    /// <summary>Takes dirty pages as ranges, in ascending order, until there is no more room; what is left stays in the log.</summary>
    /// <param name="ranges">Receives the ranges; room for one at least.</param>
    /// <returns>How many there are; if there was no more room, there may be more.</returns>
    /// <exception cref="ArgumentException">There is no room.</exception>
    /// <exception cref="InvalidOperationException">The session has ended.</exception>
    public int Harvest(Span<DirtyRange> ranges)
    {
        if (ranges.IsEmpty)
        {
            throw new ArgumentException("There is no room for a range.", nameof(ranges));
        }

        return _vm.TakeDirtyRanges(this, ranges);
    }

    /// <summary>
    /// Compares every page that is not dirty with what it held when it was last reported, or when the log started. Meant for moments in which nobody
    /// is just writing.
    /// </summary>
    /// <returns>The pages that differ: writes that the log has missed.</returns>
    /// <exception cref="InvalidOperationException">The log was started without <see cref="DirtyLogOptions.Verify"/>, or has ended.</exception>
    public Gpa[] FindMissedWrites() => _vm.FindMissedWrites(this);

    /// <summary>Ends the session. The last one of a slot lets huge pages come back.</summary>
    public void Dispose() => _vm.EndDirtyLog(this);

    private void RefuseLength(ReadOnlySpan<ulong> bitmap)
    {
        if (bitmap.Length != Words)
        {
            throw new ArgumentException($"The bitmap has {bitmap.Length} words; the slot's {Pages} pages have {Words}.", nameof(bitmap));
        }
    }

    private void RefusePart(ulong firstPage, ReadOnlySpan<ulong> bitmap)
    {
        if (firstPage % 64 != 0)
        {
            throw new ArgumentException($"The first page {firstPage} is not a multiple of 64.", nameof(firstPage));
        }

        if (firstPage / 64 > (ulong)Words || (ulong)bitmap.Length > (ulong)Words - (firstPage / 64))
        {
            throw new ArgumentException($"{bitmap.Length} words from page {firstPage} on reach over the slot's {Words} words.", nameof(bitmap));
        }
    }
}
