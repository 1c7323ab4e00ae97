// Memory: which table pages are free, and which wait for their readers.
// UNSAFETY: keeps a link and a stamp for each page in a mapping of its own, so that a page's own words stay as its last readers may see
// them; indexes come from these lists and from TableArena, which checks them.
using System;
using System.Threading;

namespace Mmu.Memory;

/// <summary>
/// The free list (last in, first out: those are warm), the pages never used so far, and the queue of retired ones. Guarded by
/// <see cref="TableArena"/>'s lock; the counts can be read without.
/// </summary>
internal sealed unsafe class PageLists : IDisposable
{
    private readonly Reservation _reservation;
    private readonly ulong* _stamps;
    private readonly uint* _next;
    private readonly uint _end;
    private uint _fresh;
    private uint _firstFree;
    private uint _free;
    private uint _firstRetired;
    private uint _lastRetired;
    private uint _retired;

    /// <summary>Lists the pages from <paramref name="first"/>, which is not 0, to <paramref name="end"/>.</summary>
    internal PageLists(uint first, uint end)
    {
        ulong stampBytes = NativePages.RoundUp((ulong)end * sizeof(ulong));
        _reservation = Reservation.Own(stampBytes + NativePages.RoundUp((ulong)end * sizeof(uint)), preferLow: false, fence: false);
        _stamps = (ulong*)_reservation.Address;
        _next = (uint*)(_reservation.Address + (nuint)stampBytes);
        _fresh = first;
        _end = end;
        _free = end - first;
    }

    /// <summary>Pages that can be had at once.</summary>
    internal uint Free => Volatile.Read(ref _free);

    /// <summary>Pages that wait for their readers.</summary>
    internal uint Retired => Volatile.Read(ref _retired);

    /// <summary>True if the next page taken has been used before.</summary>
    internal bool HasUsed => _firstFree != 0;

    /// <summary>Takes a free page: a used one if there is one, as the first touch of a page is slow.</summary>
    internal bool TryTake(out uint page)
    {
        page = _firstFree;
        if (page != 0)
        {
            _firstFree = _next[page];
        }
        else if (_fresh < _end)
        {
            page = _fresh++;
        }
        else
        {
            return false;
        }

        _free--;
        return true;
    }

    /// <summary>Adds a free page.</summary>
    internal void Add(uint page)
    {
        _next[page] = _firstFree;
        _firstFree = page;
        _free++;
    }

    /// <summary>Queues a page behind those retired before it; stamps do not go down.</summary>
    internal void Retire(uint page, ulong stamp)
    {
        _stamps[page] = stamp;
        _next[page] = 0;
        if (_firstRetired == 0)
        {
            _firstRetired = page;
        }
        else
        {
            _next[_lastRetired] = page;
        }

        _lastRetired = page;
        _retired++;
    }

    /// <summary>Makes the page that was retired first free, if it was stamped before <paramref name="oldestReader"/>.</summary>
    internal bool TryReclaim(ulong oldestReader, out uint page)
    {
        page = _firstRetired;
        if (page == 0 || _stamps[page] >= oldestReader)
        {
            return false;
        }

        _firstRetired = _next[page];
        _retired--;
        Add(page);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _reservation.Dispose();
}
