// Shadow: which pages are unsync, and the marks on the way down to them.
using System;
using System.Numerics;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>
/// Keeps the marks of unsync pages: an entry of an upper page is marked exactly if its child is unsync or has a marked entry itself.
/// </summary>
/// <remarks>Guarded by: MmuLock(write). Depth of recursion: the levels of the tables.</remarks>
internal sealed class UnsyncMarks
{
    private readonly ShadowPages _pages;
    private readonly RefLists _refs;

    internal UnsyncMarks(ShadowPages pages, RefLists refs)
    {
        _pages = pages;
        _refs = refs;
    }

    /// <summary>The guest may write the page's table at will from now on.</summary>
    internal void MarkUnsync(PageHandle page)
    {
        ref ShadowPage header = ref _pages[page];
        bool marked = header.HasUnsync;
        header.State |= PageStates.Unsync;
        if (!marked)
        {
            MarkParents(header);
        }
    }

    /// <summary>The page is in step again.</summary>
    internal void ClearUnsync(PageHandle page)
    {
        ref ShadowPage header = ref _pages[page];
        header.State &= ~PageStates.Unsync;
        if (!header.HasUnsync)
        {
            ClearParents(header);
        }
    }

    /// <summary>An entry now names a child.</summary>
    internal void Linked(SpteRef entry, PageHandle child)
    {
        if (_pages[child].HasUnsync)
        {
            Mark(entry);
        }
    }

    /// <summary>An entry no longer names a child.</summary>
    internal void Unlinked(SpteRef entry) => Clear(entry);

    /// <summary>The lowest marked entry of a page; -1 if none is.</summary>
    internal int FirstMarked(PageHandle page)
    {
        Span<ulong> bits = _pages.UnsyncBitsOf(page);
        for (int i = 0; i < bits.Length; i++)
        {
            if (bits[i] != 0)
            {
                return (64 * i) + BitOperations.TrailingZeroCount(bits[i]);
            }
        }

        return -1;
    }

    private void Mark(SpteRef entry)
    {
        ref ulong word = ref _pages.UnsyncBitsOf(entry.Page)[entry.Index >> 6];
        ulong bit = 1UL << (entry.Index & 63);
        if ((word & bit) != 0)
        {
            return;
        }

        word |= bit;
        ref ShadowPage header = ref _pages[entry.Page];
        if (header.UnsyncChildren++ == 0)
        {
            MarkParents(header);
        }
    }

    private void Clear(SpteRef entry)
    {
        ref ShadowPage header = ref _pages[entry.Page];
        if (header.UnsyncChildren == 0)
        {
            return;
        }

        ref ulong word = ref _pages.UnsyncBitsOf(entry.Page)[entry.Index >> 6];
        ulong bit = 1UL << (entry.Index & 63);
        if ((word & bit) == 0)
        {
            return;
        }

        word &= ~bit;
        if (--header.UnsyncChildren == 0)
        {
            ClearParents(header);
        }
    }

    private void MarkParents(in ShadowPage header)
    {
        foreach (SpteRef parent in _refs.Of(header.Parents))
        {
            Mark(parent);
#if MMU_FAULT_81
            break;
#endif
        }
    }

    private void ClearParents(in ShadowPage header)
    {
        foreach (SpteRef parent in _refs.Of(header.Parents))
        {
            Clear(parent);
#if MMU_FAULT_82
            break;
#endif
        }
    }
}
