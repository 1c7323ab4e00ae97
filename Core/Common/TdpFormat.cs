// Common: what the second dimension's tables look like.
namespace Mmu.Common;

/// <summary>Formats of the tables that translate guest physical addresses.</summary>
public enum TdpFormat
{
    /// <summary>Extended page tables whose accessed and dirty bits the processor sets: EPTP bit 6 is to be set. Intel SDM "Accessed and Dirty Flags for EPT".</summary>
    Ept,

    /// <summary>Extended page tables of a processor that sets no accessed and dirty bits, or is not to: EPTP bit 6 clear.</summary>
    EptNoAccessedDirty,

    /// <summary>Nested page tables. AMD APM "Nested Paging".</summary>
    Npt,
}
