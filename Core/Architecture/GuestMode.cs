// Architecture: the paging modes of a guest, as control state selects them.
namespace Mmu.Architecture;

/// <summary>A guest's paging mode. Intel SDM "Paging Modes and Control Bits".</summary>
internal enum GuestMode
{
    /// <summary>CR0.PG=0.</summary>
    Unpaged,

    /// <summary>32-bit paging: two levels of 4-byte entries.</summary>
    Bits32,

    /// <summary>PAE paging: four PDPTE registers and two levels of 8-byte entries.</summary>
    Pae,

    /// <summary>4-level paging.</summary>
    Long4,

    /// <summary>5-level paging.</summary>
    Long5,
}
