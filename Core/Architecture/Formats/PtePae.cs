// Architecture: the 8-byte entry of PAE paging: as Pte64 without protection keys.
using Mmu.Architecture.Generation;

namespace Mmu.Architecture;

/// <summary>A PAE page-table entry. Intel SDM "PAE Paging".</summary>
[PteLayout(64)]
internal readonly partial struct PtePae
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

    /// <summary>PS: at level 2, the entry maps a 2-MiB page.</summary>
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

    /// <summary>Physical address bits 51:12.</summary>
    [Bits(12, 51)]
    public partial ulong Frame { get; }

    /// <summary>NX, XD: instruction fetches are refused.</summary>
    [Bit(63)]
    public partial bool NoExecute { get; }
}
