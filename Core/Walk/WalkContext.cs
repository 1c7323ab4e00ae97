// Walk: everything a walker of one dimension reads besides guest memory.
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>One dimension's control state, prepared for walking: recomputed when control state changes, only read by walks.</summary>
/// <remarks>Owner: the vCPU's thread.</remarks>
internal sealed class WalkContext
{
    /// <summary>Physical address of the root table.</summary>
    internal ulong Root;

    /// <summary>PAT types and flags that every result carries, in the place of <see cref="WalkResult.Info"/>.</summary>
    internal ulong ResultBase;

    /// <summary>Reserved bits.</summary>
    internal ReservedMasks Reserved;

    /// <summary>The accessed bit; 0 where this dimension keeps none.</summary>
    internal ulong AccessedMask;

    /// <summary>Bits of which one must be set for an entry to be present.</summary>
    internal ulong PresentMask;

    /// <summary>The large bit; 0 while CR4.PSE is off in 32-bit paging.</summary>
    internal ulong LargeMask;

    /// <summary>What each kind of access needs.</summary>
    internal AccessPlans Plans;

    /// <summary>The four PDPTE registers of PAE paging.</summary>
    internal PdpteRegisters Pdptes;

    /// <summary>The code for this mode.</summary>
    internal WalkCode Code = UnpagedWalker.Code;

    /// <summary>How faults are reported.</summary>
    internal FaultStyle Style;

    /// <summary>True if an error code tells fetches apart.</summary>
    internal bool ReportsFetch;

    /// <summary>EPT: execute-only is supported.</summary>
    internal bool ExecuteOnly;

    /// <summary>EPT: mode-based execute control is on.</summary>
    internal bool ModeBasedExecute;

    /// <summary>NPT: guest mode execute trap is on.</summary>
    internal bool GuestModeExecuteTrap;

    /// <summary>Which address bits linear-address masking ignores.</summary>
    internal LinearAddressMask Masking;

    /// <summary>EPT: where pages are noted before their dirty bits are set; null if they are not.</summary>
    internal ModificationLog? Log;

    /// <summary>The second dimension of a nested walk.</summary>
    internal WalkContext? Second;
}
