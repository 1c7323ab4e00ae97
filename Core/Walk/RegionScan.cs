// Walk: the mapped regions of an address space: adjacent pages with the same rights.
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>Enumerates the mapped regions of an address space in ascending order: runs of adjacent pages with the same rights.</summary>
public sealed class RegionScan
{
    private readonly PageScan _pages;
    private readonly Rights _relevant;
    private bool _hasNext;

    internal RegionScan(PageScan pages, Rights relevant)
    {
        _pages = pages;
        _relevant = relevant;
        _hasNext = pages.MoveNext();
    }

    /// <summary>The region found last.</summary>
    public MappedRegion Current { get; private set; }

    /// <summary>True once the scan has ended because the alias budget was spent.</summary>
    public bool IsTruncated => _pages.IsTruncated;

    /// <summary>The scan itself, for <see langword="foreach"/>.</summary>
    /// <returns>This object.</returns>
    public RegionScan GetEnumerator() => this;

    /// <summary>Finds the next region.</summary>
    /// <returns>False at the end.</returns>
    public bool MoveNext()
    {
        if (!_hasNext)
        {
            return false;
        }

        MappedPage page = _pages.Current;
        Rights rights = page.Rights & _relevant;
        ulong bytes = 0;
        ulong count = 0;
        MappedPage next = page;
        do
        {
            bytes += next.Bytes;
            count++;
            _hasNext = _pages.MoveNext();
            next = _pages.Current;
        }
#if MMU_FAULT_35
        while (_hasNext && (next.Rights & _relevant) == rights);
#else
        while (_hasNext && next.Gva.Value == page.Gva.Value + bytes && (next.Rights & _relevant) == rights);
#endif
        Current = new MappedRegion(page.Gva, bytes, rights, count);
        return true;
    }
}
