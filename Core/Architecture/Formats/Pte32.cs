// Architecture: the 4-byte entry of 32-bit paging.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>A 32-bit page-table entry. Intel SDM "32-Bit Paging".</summary>
[PteLayout(32)]
internal readonly partial struct Pte32
{
    /// <summary>P: the entry is valid.</summary>
    [Bit(0)]
    public partial bool Present { get; }

    /// <summary>R/W: writes are allowed.</summary>
    [Bit(1)]
    public partial bool Writable { get; }

    /// <summary>U/S: user accesses are allowed.</summary>
    [Bit(2)]
    public partial bool User { get; }

    /// <summary>PWT.</summary>
    [Bit(3)]
    public partial bool WriteThrough { get; }

    /// <summary>PCD.</summary>
    [Bit(4)]
    public partial bool CacheDisable { get; }

    /// <summary>A: the entry was used by a translation.</summary>
    [Bit(5)]
    public partial bool Accessed { get; }

    /// <summary>D: the page was written.</summary>
    [Bit(6)]
    public partial bool Dirty { get; }

    /// <summary>PS: at level 2 with CR4.PSE, the entry maps a 4-MiB page.</summary>
    [Bit(7)]
    public partial bool Large { get; }

    /// <summary>PAT of a 4-KiB leaf: the same bit as <see cref="Large"/>.</summary>
    [Bit(7)]
    public partial bool Pat { get; }

    /// <summary>G: the translation outlives a CR3 write.</summary>
    [Bit(8)]
    public partial bool Global { get; }

    /// <summary>PAT of a large leaf.</summary>
    [Bit(12)]
    public partial bool LargePat { get; }

    /// <summary>Physical address bits 31:12.</summary>
    [Bits(12, 31)]
    public partial ulong Frame { get; }
}
