// Vmm: turns pages into ranges as `info mem` shows them: adjacent addresses, equal rights, wherever they lead.
using System.Collections.Generic;
using Mmu.Architecture;

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
            ulong last = page.Gva + (page.Size - 1);
            if (open is { } range && range.Last + 1 == page.Gva && range.Rights == rights)
            {
                open = range with { Last = last, PageSizes = range.PageSizes | page.Size };
                continue;
            }

            if (open is { } done)
            {
                yield return done;
            }

            open = new MappedRange(page.Gva, last, rights, page.Size);
        }

        if (open is { } final)
        {
            yield return final;
        }
    }
}
