// Memory: the pages that a CPU may walk, and nothing else.
// UNSAFETY: turns page numbers into addresses inside the arena's mapping; numbers come from handles that the arena gave out, and are
// checked under MMU_ASSERT.
using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Addressing;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>Table pages of 4 KiB with consecutive host frames, and roots for PAE paging.</summary>
/// <remarks>
/// <para>
/// Page 0 is the dummy root: always full of the empty entry, never handed out. The pages after it hold PAE roots, as many as were asked
/// for and have frames below 4 GiB. The rest are table pages: free, or in a cache, or live, or retired, in which case they wait until
/// every reader that may have seen them is gone. See docs/memory.md.
/// </para>
/// <para>Invariant: a free or retired page is in one list; a page is filled with the empty entry before a cache has it.</para>
/// </remarks>
internal sealed unsafe partial class TableArena : IDisposable
{
    /// <summary>The most pages an arena can have: a page and the index of an entry then fit in 31 bits. 16 GiB of tables.</summary>
    internal const uint MaxPages = 1u << 22;

    private const int FrameShift = 12;
    private const ulong MaxFrames = 1UL << 40;

    // Not canonical: with any page's offset added it can be no mapping of anybody's.
    private const ulong NowhereMapped = 1UL << 63;

    // So many retired pages at most become free in one TopUp, whose caller waits; and from so many on it looks, though other pages are
    // free: those that were in use a moment ago are warm.
    private const int ReclaimBatch = 64;
    private const int ReclaimFrom = 32;

    private readonly Lock _lock = new();
    private readonly Reservation? _reservation;
    private readonly PageLists _lists;
    private readonly PaeRootPool _roots;
    private readonly ulong _firstFrame;
    private readonly ulong _firstTableFrame;
    private readonly uint _firstTable;
    private readonly uint _tables;
    private readonly ulong _emptyEntry;
    private readonly PageWatch? _watch;

    // guarded by: _lock; whose stamps the retired pages have.
    private EpochDomain? _epochs;
    private nuint _base;

    /// <summary>Maps an arena.</summary>
    /// <param name="backing">Where its pages live.</param>
    /// <param name="pageCount">How many pages, with the dummy root and the PAE root pages: 2 to <see cref="MaxPages"/>.</param>
    /// <param name="firstFrame">The host frame of its first page; null for the one that its address suggests.</param>
    /// <param name="emptyEntry">What every word of a fresh page holds.</param>
    /// <param name="paeRootPages">How many of the pages to use for PAE roots, if their frames are below 4 GiB.</param>
    internal TableArena(TableBacking backing, uint pageCount, Pfn? firstFrame, ulong emptyEntry, int paeRootPages)
        : this(backing, pageCount, firstFrame, emptyEntry, paeRootPages, ArenaFence.IsOn)
    {
    }

    /// <summary>As above, with guard pages or without.</summary>
    internal TableArena(TableBacking backing, uint pageCount, Pfn? firstFrame, ulong emptyEntry, int paeRootPages, bool fence)
    {
        CheckLimits(pageCount, firstFrame, paeRootPages);
        PageCount = pageCount;
        _emptyEntry = emptyEntry;
        ulong bytes = (ulong)pageCount << FrameShift;

        // Low addresses help only where frames follow from addresses.
        _reservation = backing.Map(bytes, preferLow: firstFrame is null, fence);
        _base = _reservation?.Address ?? backing.Address;
        _firstFrame = firstFrame?.Value ?? _base >> FrameShift;

        ulong lowFrames = _firstFrame + 1 < PaeRootPool.FrameLimit ? PaeRootPool.FrameLimit - _firstFrame - 1 : 0;
#if MMU_FAULT_45
        lowFrames++;
#endif
        uint rootPages = (uint)Math.Min(lowFrames, (ulong)paeRootPages);
        _roots = new PaeRootPool(_base, rootPages);
        HasLowRoots = rootPages > 0;
        _firstTable = 1 + rootPages;
        _firstTableFrame = _firstFrame + _firstTable;
        _tables = pageCount - _firstTable;
        _lists = new PageLists(_firstTable, pageCount);
        _watch = PageWatch.Create(_base, pageCount);
        FillPage(0);
    }

    /// <summary>Makes allocations fail; null for none. For tests.</summary>
    internal AllocationFaults? Faults { get; set; }

    /// <summary>Where the first page lies in this process.</summary>
    internal nuint HostAddress => _base;

    /// <summary>The host frame of the first page, the dummy root.</summary>
    internal Pfn FirstFrame => new(_firstFrame);

    /// <summary>All pages, with the dummy root and the PAE root pages.</summary>
    internal uint PageCount { get; }

    /// <summary>Pages that can be had at once; retired ones, even past their grace period, are not among them.</summary>
    internal uint FreePages => _lists.Free;

    /// <summary>Pages that wait for their readers, or for <see cref="Reclaim"/>.</summary>
    internal uint RetiredPages => _lists.Retired;

    /// <summary>Pages in caches or live. A page counts until it is retired or given back.</summary>
    internal uint OutstandingPages
    {
        get
        {
            lock (_lock)
            {
                return _tables - _lists.Free - _lists.Retired;
            }
        }
    }

    /// <summary>The words of a page.</summary>
    internal PtPage this[PageHandle page]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
#if MMU_ASSERT
            MmuAssert.That(!page.IsNone, "No page: a handle that names none was followed");
            return new PtPage((ulong*)AddressOf(page.Index), _watch!, page.Index);
#else
            return new PtPage((ulong*)AddressOf(page.Index));
#endif
        }
    }

    /// <summary>The host frame of a page; of the dummy root for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Pfn FrameOf(PageHandle page)
    {
        MmuAssert.That(page.Index < PageCount, "No such table page", page.Index);
        return new Pfn(_firstFrame + page.Index);
    }

    /// <summary>The physical address of an entry, as the processor that walks it knows it.</summary>
    internal ulong AddressOf(PageHandle page, int index) => (FrameOf(page).Value << 12) + ((ulong)(uint)index * sizeof(ulong));

    /// <summary>The table page with a host frame; false for frames outside, the dummy root and pages of PAE roots.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryPageOf(ulong frame, out PageHandle page)
    {
        ulong table = frame - _firstTableFrame;
        if (table >= _tables)
        {
            page = PageHandle.None;
            return false;
        }

        page = new PageHandle((uint)table + _firstTable);
        return true;
    }

    /// <summary>
    /// Fills a cache to <paramref name="want"/> pages, each full of the empty entry. False if the arena has no more; what it had is in the
    /// cache. Not to be called under a lock that readers wait for.
    /// </summary>
    internal bool TopUp(ref PageCache cache, int want)
    {
        MmuAssert.That(want <= PageCache.Capacity, "More pages wanted than a cache holds", (ulong)want);
        int had = cache.Count;
        if (had >= want)
        {
            return true;
        }

        lock (_lock)
        {
            bool mayReclaim = true;
            while (cache.Count < want && Faults?.Fails() != true)
            {
                if (mayReclaim && (!_lists.HasUsed || _lists.Retired >= ReclaimFrom))
                {
                    // Once: what readers hold now they hold for the rest of this.
                    _ = ReclaimUpTo(ReclaimBatch);
                    mayReclaim = false;
                }

                if (!_lists.TryTake(out uint page))
                {
                    break;
                }

                _watch!.Taken(page);
                cache.Push(new PageHandle(page));
            }
        }

        // Outside the lock: the pages are this cache's by now.
        for (int i = had; i < cache.Count; i++)
        {
#if MMU_FAULT_42
            if (*(ulong*)AddressOf(cache.PeekAt(i).Index) != 0)
            {
                continue;
            }
#endif
            FillPage(cache.PeekAt(i).Index);
        }

        return cache.Count >= want;
    }

    /// <summary>Takes all pages of a cache back.</summary>
    internal void Drain(ref PageCache cache)
    {
        lock (_lock)
        {
            while (cache.Count > 0)
            {
                uint page = cache.Pop().Index;
                _watch!.Return(page);
                _lists.Add(page);
            }
        }
    }

    /// <summary>Takes a page back that no reader and no CPU has seen.</summary>
    internal void Free(PageHandle page)
    {
        lock (_lock)
        {
            _watch!.Release(page.Index);
            _lists.Add(page.Index);
        }
    }

    /// <summary>
    /// Takes a page back that has been unlinked and flushed, but that lockless readers may still see: it keeps its words until all of them
    /// that entered before are gone. An arena's pages all belong to one domain.
    /// </summary>
    internal void Retire(PageHandle page, EpochDomain epochs)
    {
        lock (_lock)
        {
            MmuAssert.That(_epochs is null || ReferenceEquals(_epochs, epochs), "Table pages retired into two epoch domains", page.Index);
            _epochs = epochs;
            _watch!.Retire(page.Index);
            _lists.Retire(page.Index, epochs.Stamp());
        }
    }

    /// <summary>Makes the retired pages that nobody can still see free, and returns how many those were.</summary>
    internal int Reclaim(EpochDomain epochs)
    {
        lock (_lock)
        {
            MmuAssert.That(_epochs is null || ReferenceEquals(_epochs, epochs), "Table pages reclaimed from a foreign epoch domain");
            return ReclaimUpTo(int.MaxValue);
        }
    }

    /// <summary>Unmaps the arena, but for memory of the VMM. Nothing may use it then.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _base = unchecked((nuint)NowhereMapped);
            _watch?.Dispose();
            _lists.Dispose();
            _reservation?.Dispose();
        }
    }

    private static void CheckLimits(uint pageCount, Pfn? firstFrame, int paeRootPages)
    {
        if (pageCount is < 2 or > MaxPages)
        {
            throw new ArgumentOutOfRangeException(
                nameof(pageCount), pageCount, string.Create(CultureInfo.InvariantCulture, $"An arena has 2 to {MaxPages} table pages."));
        }

        if (paeRootPages < 0 || paeRootPages > pageCount - 2)
        {
            throw new ArgumentOutOfRangeException(
                nameof(paeRootPages), paeRootPages, "Besides the pages of PAE roots the arena needs the dummy root and a table page.");
        }

        if (firstFrame is { } frame && frame.Value > MaxFrames - pageCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstFrame), frame, "The arena's last frame must be below 2^40: physical addresses have 52 bits.");
        }
    }

    private nuint AddressOf(uint page) => _base + ((nuint)page << FrameShift);

    // Plain stores by vectors: no CPU walks the page yet.
    private void FillPage(uint page) => new Span<ulong>((ulong*)AddressOf(page), PtPage.WordCount).Fill(_emptyEntry);

    private int ReclaimUpTo(int limit)
    {
        if (_epochs is null || _lists.Retired == 0)
        {
            return 0;
        }

        // Readers that enter from now on are younger than all stamps given so far.
        _ = _epochs.Advance();
        ulong oldestReader = _epochs.OldestReader();
#if MMU_FAULT_40
        oldestReader = ulong.MaxValue;
#endif
        int count = 0;
        while (count < limit && _lists.TryReclaim(oldestReader, out uint page))
        {
            _watch!.Reclaim(page);
            count++;
        }

        return count;
    }
}
