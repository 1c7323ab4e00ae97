// Vmm: the TLB of a software processor that runs on our tables.
using System;
using Mmu.Common;

namespace Mmu.Vmm.Replay;

/// <summary>
/// Keeps what was walked until the library says that it must go, or another page takes the place. Tagged by root; large pages are kept in
/// parts of 4 KiB.
/// </summary>
internal sealed class CpuTlb
{
    private const int Entries = 1 << 12;

    private readonly CachedPage[] _pages = new CachedPage[Entries];

    // Entries of another generation count for nothing; that of empty ones is 0.
    private uint _generation = 1;

    /// <summary>Finds the translation of an address.</summary>
    public bool TryFind(ulong root, ulong gva, out CachedPage page)
    {
        page = _pages[IndexOf(root, gva)];
        return page.Generation == _generation && page.Root == root && page.Gva == gva >> 12;
    }

    /// <summary>Keeps a translation.</summary>
    public void Add(CachedPage page)
    {
        page.Generation = _generation;
        _pages[IndexOf(page.Root, page.Gva << 12)] = page;
    }

    /// <summary>Drops the translation of one address of one root, as a processor does when it raises a page fault.</summary>
    public void Drop(ulong root, ulong gva)
    {
        if (TryFind(root, gva, out _))
        {
            _pages[IndexOf(root, gva)] = default;
        }
    }

    /// <summary>Drops every translation of a root.</summary>
    public void DropRoot(ulong root)
    {
        foreach (ref CachedPage page in _pages.AsSpan())
        {
            if (page.Root == root)
            {
                page = default;
            }
        }
    }

    /// <summary>Drops what a flush names; nothing for <see cref="FlushScope.CurrentRoot"/>.</summary>
    public void Flush(in FlushRange range)
    {
        if (range.Scope == FlushScope.All)
        {
            _generation++;
        }
        else if (range.Scope == FlushScope.Page)
        {
            foreach (ref CachedPage page in _pages.AsSpan())
            {
                // All of a large page goes if one address in it does.
                if (page.Gva >> (page.Shift - 12) == range.Address.Value >> page.Shift)
                {
                    page = default;
                }
            }
        }
    }

    private static int IndexOf(ulong root, ulong gva) => (int)((gva >> 12) ^ (root >> 12)) & (Entries - 1);
}
