// Sptes: the entry of extended page tables whose accessed and dirty bits no CPU sets.
using Mmu.Architecture;
using Mmu.Architecture.Generation;

namespace Mmu.Sptes;

/// <summary>
/// An SPTE of EPT without accessed and dirty bits; its hardware part is <see cref="EptPte"/>, of which A and D are the MMU's own. Accesses
/// are noticed by taking all rights away.
/// </summary>
[SpteFormat(typeof(EptPte), SoftwareAccessedDirty = true)]
[MmioGeneration(3, 9)]
[MmioGeneration(52, 62)]
[MmioMark(0, 2, 0b110)]
internal readonly partial struct EptNoAdSpte
{
    /// <summary>The entry maps a page or names a table.</summary>
    [Bit(11)]
    public partial bool MmuPresent { get; }

    /// <summary>R of an access-tracked entry. W is never saved: only a write gives it back, or dirty pages would be missed.</summary>
    [Bit(52)]
    public partial bool SavedReadable { get; }

    /// <summary>The host lets the page be written.</summary>
    [Bit(53)]
    public partial bool HostWritable { get; }

    /// <summary>X of an access-tracked entry.</summary>
    [Bit(54)]
    public partial bool SavedExecutable { get; }

    /// <summary>The MMU itself has no reason against writes; W may be clear all the same, for dirty logging or access tracking.</summary>
    [Bit(55)]
    public partial bool MmuWritable { get; }

    /// <summary>1: no CPU sets A and D.</summary>
    [Bits(60, 61)]
    public partial ulong AccessedDirtyType { get; }

    /// <summary>XU of an access-tracked entry.</summary>
    [Bit(62)]
    public partial bool SavedUserExecutable { get; }
}
