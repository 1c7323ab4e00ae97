// Common: what a TLB flush empties.
namespace Mmu.Common;

/// <summary>Which translations a flush concerns.</summary>
public enum FlushScope
{
    /// <summary>Every translation made from this VM's tables.</summary>
    All,

    /// <summary>Every translation of the vCPU's current root.</summary>
    CurrentRoot,

    /// <summary>Translations of one linear address, global ones and those of other roots included.</summary>
    Page,
}
