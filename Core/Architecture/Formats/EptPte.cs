// Architecture: the entry of extended page tables.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>An EPT entry. Intel SDM "The Extended Page Table Mechanism (EPT)".</summary>
[PteLayout(64)]
internal readonly partial struct EptPte
{
    /// <summary>Read access.</summary>
    [Bit(0)]
    public partial bool Readable { get; }

    /// <summary>Write access.</summary>
    [Bit(1)]
    public partial bool Writable { get; }

    /// <summary>Execute access; for supervisor-mode addresses only under mode-based execute control.</summary>
    [Bit(2)]
    public partial bool Executable { get; }

    /// <summary>Memory type of a leaf.</summary>
    [Bits(3, 5)]
    public partial ulong MemoryType { get; }

    /// <summary>IPAT of a leaf: the guest's PAT is ignored.</summary>
    [Bit(6)]
    public partial bool IgnorePat { get; }

    /// <summary>Above level 1, the entry maps a page.</summary>
    [Bit(7)]
    public partial bool Large { get; }

    /// <summary>A: the entry was used by a translation (EPTP bit 6 set).</summary>
    [Bit(8)]
    public partial bool Accessed { get; }

    /// <summary>D: the page was written (EPTP bit 6 set).</summary>
    [Bit(9)]
    public partial bool Dirty { get; }

    /// <summary>Execute access for user-mode addresses under mode-based execute control.</summary>
    [Bit(10)]
    public partial bool UserExecutable { get; }

    /// <summary>Physical address bits 51:12.</summary>
    [Bits(12, 51)]
    public partial ulong Frame { get; }

    /// <summary>Suppress #VE.</summary>
    [Bit(63)]
    public partial bool SuppressVe { get; }
}
