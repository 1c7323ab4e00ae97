// Vmm: counts pages by size while they stream by.
using System.Collections.Generic;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Pages and bytes mapped, by page size.</summary>
internal sealed class PageTally
{
    private const ulong Interval = 1 << 16;

    private readonly SortedDictionary<ulong, long> _counts = [];

    /// <summary>Gets the number of pages of each size.</summary>
    public IReadOnlyDictionary<ulong, long> Counts => _counts;

    /// <summary>Gets the number of bytes mapped; a page mapped twice counts twice.</summary>
    public ulong Bytes { get; private set; }

    /// <summary>Returns <paramref name="pages"/> and counts each as it passes, telling <paramref name="progress"/>.</summary>
    public IEnumerable<MappedPage> Count(IEnumerable<MappedPage> pages, Progress progress)
    {
        foreach (MappedPage page in pages)
        {
            _counts[page.Bytes] = _counts.GetValueOrDefault(page.Bytes) + 1;
            Bytes += page.Bytes;
            if (progress.Step(Interval))
            {
                progress.Show($"{progress.Steps:n0} pages");
            }

            yield return page;
        }
    }
}
