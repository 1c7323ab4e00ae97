// Architecture: processor vendors whose paging rules differ.
namespace Mmu.Architecture;

/// <summary>Whose rules apply where Intel's and AMD's differ.</summary>
public enum CpuVendor
{
    /// <summary>Intel.</summary>
    Intel,

    /// <summary>AMD.</summary>
    Amd,
}
