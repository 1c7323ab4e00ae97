// Shadow: one root of a vCPU.
using Mmu.Architecture;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>
/// A root that a vCPU runs on or ran on: one table of 4- and 5-level paging, or four of level 2 behind a PAE root. None is a root that names
/// nothing, for a CR3 that points outside memory.
/// </summary>
/// <remarks>Owner: the vCPU's thread. Counted in the headers of its tables under the lock.</remarks>
internal sealed class RootEntry
{
    /// <summary>The tables; only the first counts in 4- and 5-level paging.</summary>
    internal RootTables Tables;

    /// <summary>The PDPTEs it was made from, in PAE paging.</summary>
    internal PdpteRegisters Pdptes;

    /// <summary>True if it is a root at all.</summary>
    internal bool IsLoaded { get; set; }

    /// <summary>CR3 that it belongs to; 0 for that of a guest with paging off; the address of the root of L1's EPT or NPT.</summary>
    internal ulong Cr3 { get; set; }

    /// <summary>Behind NPT: the ASID that it was last used with.</summary>
    internal uint Tag { get; set; }

    /// <summary>Role of its tables, quadrant 0.</summary>
    internal PageRole Role { get; set; }

    /// <summary>The PAE root; unused in 4- and 5-level paging.</summary>
    internal PaeRoot Pae { get; set; }

    /// <summary>True if it has a PAE root.</summary>
    internal bool IsPae { get; set; }

    /// <summary>Physical address for the processor's CR3.</summary>
    internal ulong Address { get; set; }

    /// <summary>A table that should have been there lies outside memory: it may be found when a slot is added.</summary>
    internal bool IsIncomplete { get; set; }

    /// <summary>Something was missed that a load by lookup would have brought in step.</summary>
    internal bool IsBehind { get; set; }

    /// <summary>Number of tables.</summary>
    internal int Count => IsPae ? 4 : 1;
}
