// Vmm: a form of output; called in the order of its members, the ones between BeginRoot and EndRoot as the user asked.
using System.Collections.Generic;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Receives what `mmu inspect` found.</summary>
internal interface IReport
{
    /// <summary>Starts the output: the image and all its roots.</summary>
    void Begin(GuestImage image);

    /// <summary>Starts one selected root; <paramref name="note"/> says what was done to its tables before walking them.</summary>
    void BeginRoot(int index, PagingRoot root, bool isOnly, string? note);

    /// <summary>Takes the mappings as pages.</summary>
    void Pages(IEnumerable<MappedPage> pages);

    /// <summary>Takes the pages that map <paramref name="gpa"/>.</summary>
    void Aliases(ulong gpa, IEnumerable<MappedPage> pages);

    /// <summary>Takes the mappings as pages still to be merged into ranges.</summary>
    void Ranges(IEnumerable<MappedPage> pages);

    /// <summary>Takes the summary of a root.</summary>
    void Summary(RootSummary summary);

    /// <summary>Takes an explained walk.</summary>
    void Explain(Explanation explanation);

    /// <summary>Ends one root.</summary>
    void EndRoot();

    /// <summary>Ends the output.</summary>
    void End();
}
