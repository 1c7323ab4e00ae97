// Sptes: the entry of nested page tables.
using Mmu.Architecture;
using Mmu.Architecture.Generation;

namespace Mmu.Sptes;

/// <summary>An SPTE of nested paging (AMD); its hardware part is <see cref="Pte64"/>. No protection keys: NPT does not read them.</summary>
[SpteFormat(typeof(Pte64))]
[MmioGeneration(3, 9)]
[MmioGeneration(52, 62)]
internal readonly partial struct NptSpte
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
