// Vmm: all that `mmu inspect` asks of a walker.
using System.Collections.Generic;

namespace Mmu.Vmm.Inspect;

/// <summary>One address space, as a CPU with the root's control state would see it.</summary>
internal interface IAddressSpace
{
    /// <summary>Returns every mapped page, ascending, until the address space or the budget of pages is exhausted.</summary>
    IEnumerable<MappedPage> Pages();

    /// <summary>Gets why the last listing ended before the end of the address space; null if it did not.</summary>
    string? Incomplete { get; }

    /// <summary>Tells how <paramref name="gva"/> is translated and what each access to it would do.</summary>
    Explanation Explain(ulong gva);
}
