// Architecture: what the entries of one of the Shadow MMU's tables look like.
namespace Mmu.Architecture;

/// <summary>Which processor walk the entries of a table are for.</summary>
internal enum SpteForm
{
    /// <summary>Linear addresses: PAE, 4- and 5-level paging.</summary>
    Linear,

    /// <summary>EPT whose accessed and dirty bits the processor sets.</summary>
    Ept,

    /// <summary>EPT without accessed and dirty bits.</summary>
    EptNoAccessedDirty,

    /// <summary>Nested page tables.</summary>
    Npt,
}
