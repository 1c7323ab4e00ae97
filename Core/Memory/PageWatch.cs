// Memory: what became of every table page, to catch uses of a page that is no longer what its handle says. MMU_ASSERT only.
// UNSAFETY: keeps a word for each page in a mapping of its own and reads whole pages for the poison; indexes are checked first.
using System;
using System.Diagnostics;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>State and generation of each page of a <see cref="TableArena"/>, and the poison of the free ones.</summary>
internal sealed unsafe class PageWatch : IDisposable
{
    /// <summary>What a freed page is full of: not present in any format.</summary>
    internal const ulong Poison = 0xDBDB_DBDB_DBDB_DBDA;

    private const uint Free = 0;
    private const uint Cached = 1;
    private const uint Live = 2;
    private const uint Retired = 3;
    private const uint StateMask = 3;
    private const uint OneGeneration = 4;
    private const string AfterReclaim = "Table page used after epoch reclaim, or never taken from a cache";

    private readonly Reservation _reservation;
    private readonly uint* _tags;
    private readonly ulong* _pages;
    private readonly uint _count;
    private bool _disposed;

    private PageWatch(nuint pages, uint count)
    {
        _reservation = Reservation.Own(NativePages.RoundUp((ulong)count * sizeof(uint)), preferLow: false, fence: false);
        _tags = (uint*)_reservation.Address;
        _pages = (ulong*)pages;
        _count = count;
    }

    /// <summary>Watches the pages of an arena; null without MMU_ASSERT.</summary>
    internal static PageWatch? Create(nuint pages, uint count)
    {
#if MMU_ASSERT
        return new PageWatch(pages, count);
#else
        return null;
#endif
    }

    /// <summary>Notes that a page goes from the free ones into a cache.</summary>
    [Conditional("MMU_ASSERT")]
    internal void Taken(uint page)
    {
        uint tag = TagOf(page);
        MmuAssert.That((tag & StateMask) == Free, "Table page handed out twice", page);
        if (tag >= OneGeneration)
        {
            MmuAssert.That(WordsOf(page).IndexOfAnyExcept(Poison) < 0, "Table page written after it was freed", page);
        }

        _tags[page] = tag | Cached;
    }

    /// <summary>Notes that a page's words are asked for, and returns its generation.</summary>
    internal uint Used(uint page)
    {
        uint tag = TagOf(page);
        uint state = tag & StateMask;
        MmuAssert.That(state != Free, AfterReclaim, page);
        if (state == Cached)
        {
            tag = tag - Cached + Live;
            _tags[page] = tag;
        }

        return tag / OneGeneration;
    }

    /// <summary>Checks a page that may have been retired since, but not freed.</summary>
    [Conditional("MMU_ASSERT")]
    internal void CheckReadable(uint page, uint generation)
    {
        uint tag = TagOf(page);
        MmuAssert.That((tag & StateMask) != Free && tag / OneGeneration == generation, AfterReclaim, page);
    }

    /// <summary>Checks a page that may not have been retired.</summary>
    [Conditional("MMU_ASSERT")]
    internal void CheckWritable(uint page, uint generation)
    {
        CheckReadable(page, generation);
        MmuAssert.That((TagOf(page) & StateMask) != Retired, "Table page written after it was retired", page);
    }

    /// <summary>Notes that a page waits for its readers.</summary>
    [Conditional("MMU_ASSERT")]
    internal void Retire(uint page)
    {
        CheckNotRetired(page);
        _tags[page] = TagOf(page) | Retired;
    }

    /// <summary>Notes that a page comes back from a cache without having been used.</summary>
    [Conditional("MMU_ASSERT")]
    internal void Return(uint page)
    {
        MmuAssert.That((TagOf(page) & StateMask) != Live, "Table page was used but is still in a cache: it must be popped first", page);
        CheckNotRetired(page);
        NowFree(page);
    }

    /// <summary>Notes that a page that nobody else saw comes back.</summary>
    [Conditional("MMU_ASSERT")]
    internal void Release(uint page)
    {
        CheckNotRetired(page);
        NowFree(page);
    }

    /// <summary>Notes that a retired page can be used again.</summary>
    [Conditional("MMU_ASSERT")]
    internal void Reclaim(uint page)
    {
        MmuAssert.That((TagOf(page) & StateMask) == Retired, "Table page reclaimed that was not retired", page);
        NowFree(page);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _reservation.Dispose();
    }

    private void NowFree(uint page)
    {
        _tags[page] = (TagOf(page) & ~StateMask) + OneGeneration;
        WordsOf(page).Fill(Poison);
    }

    private void CheckNotRetired(uint page)
    {
        uint state = TagOf(page) & StateMask;
        MmuAssert.That(state != Retired, "Table page retired twice", page);
        MmuAssert.That(state != Free, "Table page given back twice", page);
    }

    private uint TagOf(uint page)
    {
        MmuAssert.That(!_disposed, "Table page used after its arena was disposed of", page);
        MmuAssert.That(page < _count, "No such table page", page);
        return _tags[page];
    }

    // SAFETY: 1. TagOf has checked the page. 2. its arena has not been disposed of.
    private Span<ulong> WordsOf(uint page) => new(_pages + ((nuint)page * PtPage.WordCount), PtPage.WordCount);
}
