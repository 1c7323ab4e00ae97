// Vmm.Run: counts of the differential mode.
namespace Mmu.Vmm.Run.Compare;

/// <summary>Counts of the differential mode.</summary>
internal sealed class CompareTally
{
    /// <summary>Gets or sets the states made.</summary>
    internal int States { get; set; }

    /// <summary>Gets or sets the accesses compared.</summary>
    internal int Cases { get; set; }

    /// <summary>Gets or sets those that fault.</summary>
    internal int Faults { get; set; }

    /// <summary>Gets or sets the accesses that follow a change which takes something away.</summary>
    internal int Downgrades { get; set; }

    /// <summary>Gets or sets the cases that differ.</summary>
    internal int Differences { get; set; }

    /// <summary>Gets or sets the accessed bits that only the native processor set, as it may, without an access.</summary>
    internal int EarlyAccessedBits { get; set; }
}
