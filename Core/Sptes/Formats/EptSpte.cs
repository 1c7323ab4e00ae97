// Sptes: the entry of extended page tables whose accessed and dirty bits the CPU sets.
using Mmu.Architecture;
using Mmu.Architecture.Generation;

namespace Mmu.Sptes;

/// <summary>An SPTE of EPT with accessed and dirty bits (EPTP bit 6); its hardware part is <see cref="EptPte"/>.</summary>
[SpteFormat(typeof(EptPte))]
[MmioGeneration(3, 9)]
[MmioGeneration(52, 62)]
[MmioMark(0, 2, 0b110)]
internal readonly partial struct EptSpte
{
    /// <summary>The entry maps a page or names a table.</summary>
    [Bit(11)]
    public partial bool MmuPresent { get; }

    /// <summary>The host lets the page be written.</summary>
    [Bit(53)]
    public partial bool HostWritable { get; }

    /// <summary>The MMU itself has no reason against writes; W may be clear all the same, for dirty logging or access tracking.</summary>
    [Bit(55)]
    public partial bool MmuWritable { get; }

    /// <summary>0: the CPU sets A and D. (2 would say that dirty logging has to write-protect all the same.)</summary>
    [Bits(60, 61)]
    public partial ulong AccessedDirtyType { get; }
}
