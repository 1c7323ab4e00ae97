// Vmm: the pages of a snapshot, held in memory.
using System;
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Sparse guest memory, page by page.</summary>
internal sealed class SnapshotPages : IPageSource
{
    private readonly Dictionary<ulong, byte[]> _pages;

    public SnapshotPages(Dictionary<ulong, byte[]> pages)
    {
        _pages = pages;
    }

    /// <inheritdoc/>
    public long Bytes => (long)_pages.Count * PageMath.PageSize;

    /// <inheritdoc/>
    public bool TryReadPage(ulong gpa, Span<byte> page)
    {
        if (!_pages.TryGetValue(gpa, out byte[]? bytes))
        {
            return false;
        }

        bytes.CopyTo(page);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing outside the managed heap.
    }
}
