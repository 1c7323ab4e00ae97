// Vmm: which pages the user asked to see.
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>A filter on effective rights and on the guest-physical address.</summary>
internal sealed record PageFilter(Rights Required, ulong? Gpa)
{
    /// <summary>Returns the pages that have every required right and, if asked for, map the address.</summary>
    public IEnumerable<MappedPage> Apply(IEnumerable<MappedPage> pages)
    {
        foreach (MappedPage page in pages)
        {
            if ((page.Rights & Required) == Required && (Gpa is not { } gpa || gpa - page.Gpa.Value < page.Bytes))
            {
                yield return page;
            }
        }
    }
}
