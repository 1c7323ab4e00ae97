// Architecture: whether control state is legal.
namespace Mmu.Architecture;

/// <summary>
/// Whether control state is legal; anything but <see cref="Legal"/> is #GP for the guest's write, or a failed VM entry, and changes
/// nothing.
/// </summary>
public enum ControlStateStatus
{
    /// <summary>Legal: it is in force.</summary>
    Legal,

    /// <summary>CR0, CR4 or EFER has a bit whose feature the CPU lacks.</summary>
    UnsupportedFeature,

    /// <summary>
    /// A combination that a CPU cannot be in: long mode without PAE, CR4.CET without CR0.WP, CR4.PCIDE outside long mode.
    /// </summary>
    IllegalCombination,

    /// <summary>CR3 has a reserved bit.</summary>
    Cr3Reserved,

    /// <summary>A PDPTE has a reserved bit.</summary>
    PdpteReserved,

    /// <summary>The PDPTEs lie outside memory, or behind a second dimension that does not map them.</summary>
    PdptesUnreachable,

    /// <summary>The EPT pointer is malformed or asks for something that is not supported, or its log (<see cref="EptControl.LogAddress"/>) is not a page that the CPU can address.</summary>
    EptPointerInvalid,

    /// <summary>The nested CR3 has a reserved bit, or its host is in no paging mode.</summary>
    NestedCr3Invalid,

    /// <summary>CR4.CET is set, and the engine that builds the vCPU's tables, the Shadow MMU, does not support shadow stacks.</summary>
    ShadowStacksUnsupported,
}
