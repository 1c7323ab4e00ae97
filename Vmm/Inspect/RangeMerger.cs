// Vmm: turns pages into ranges as `info mem` shows them: adjacent addresses, equal rights, wherever they lead.
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Merging of pages into ranges.</summary>
internal static class RangeMerger
{
    /// <summary>Merges <paramref name="pages"/> (ascending) whose rights agree in <paramref name="relevant"/>.</summary>
    public static IEnumerable<MappedRange> Merge(IEnumerable<MappedPage> pages, Rights relevant)
    {
        MappedRange? open = null;
        foreach (MappedPage page in pages)
        {
            Rights rights = page.Rights & relevant;
            ulong last = page.Gva.Value + (page.Bytes - 1);
            if (open is { } range && range.Last + 1 == page.Gva.Value && range.Rights == rights)
            {
                open = range with { Last = last, PageSizes = range.PageSizes | page.Bytes };
                continue;
            }

            if (open is { } done)
            {
                yield return done;
            }

            open = new MappedRange(page.Gva.Value, last, rights, page.Bytes);
        }

        if (open is { } final)
        {
            yield return final;
        }
    }
}
