// Architecture: the rule that refused an access.
namespace Mmu.Architecture;

/// <summary>The rule that refused an access.</summary>
public enum FaultCause
{
    /// <summary>None did.</summary>
    None,

    /// <summary>The linear address is not canonical.</summary>
    NonCanonical,

    /// <summary>The second dimension does not translate addresses that wide.</summary>
    AddressTooWide,

    /// <summary>An entry is not present.</summary>
    NotPresent,

    /// <summary>A table lies outside every memory slot.</summary>
    TableOutsideMemory,

    /// <summary>A reserved bit is set.</summary>
    ReservedBit,

    /// <summary>An EPT entry has a combination of rights that does not exist.</summary>
    BadRights,

    /// <summary>An EPT leaf has a reserved memory type.</summary>
    BadMemoryType,

    /// <summary>An EPT entry does not allow reads.</summary>
    NotReadable,

    /// <summary>A write to a read-only page.</summary>
    NotWritable,

    /// <summary>A user access to a supervisor page.</summary>
    NotUser,

    /// <summary>A fetch from a no-execute page.</summary>
    NotExecutable,

    /// <summary>SMEP: a supervisor fetch from a user page.</summary>
    Smep,

    /// <summary>SMAP: a supervisor access to a user page.</summary>
    Smap,

    /// <summary>A protection key refused.</summary>
    ProtectionKey,

    /// <summary>A shadow-stack access to a page that is no shadow-stack page of its privilege.</summary>
    ShadowStack,

    /// <summary>Other processors kept changing the entries that had to be marked.</summary>
    LostExchanges,
}
