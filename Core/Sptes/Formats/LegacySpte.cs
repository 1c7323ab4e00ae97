// Sptes: the entry that a CPU under 4- or 5-level paging runs on.
using Mmu.Architecture;
using Mmu.Architecture.Generation;

namespace Mmu.Sptes;

/// <summary>An SPTE for guests with 4- or 5-level paging; its hardware part is <see cref="Pte64"/>.</summary>
[SpteFormat(typeof(Pte64), ProtectionKeys = true)]
[MmioGeneration(3, 9)]
[MmioGeneration(52, 62)]
internal readonly partial struct LegacySpte
{
    /// <summary>The host lets the page be written.</summary>
    [Bit(9)]
    public partial bool HostWritable { get; }

    /// <summary>The MMU itself has no reason against writes; W may be clear all the same, for dirty logging or access tracking.</summary>
    [Bit(10)]
    public partial bool MmuWritable { get; }

    /// <summary>The entry maps a page or names a table.</summary>
    [Bit(11)]
    public partial bool MmuPresent { get; }
}
