// Architecture: the EPT that a nested guest runs behind.
namespace Mmu.Architecture;

/// <summary>The second dimension of a guest behind EPT: the EPT pointer and what the EPT implementation supports.</summary>
public readonly record struct EptControl
{
    /// <summary>Bit of the EPT pointer that turns accessed and dirty bits on.</summary>
    internal const ulong AccessedDirtyBit = 0x40;

    internal const ulong PointerMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Creates a control with everything supported.</summary>
    public EptControl()
    {
    }

    /// <summary>
    /// The EPT pointer: bits 2:0 memory type, 5:3 levels − 1, 6 accessed and dirty bits, 51:12 root. Intel SDM "Extended-Page-Table Pointer
    /// (EPTP)".
    /// </summary>
    public ulong EptPointer { get; init; }

    /// <summary>Mode-based execute control is on.</summary>
    public bool ModeBasedExecute { get; init; }

    /// <summary>Execute-only entries are supported.</summary>
    public bool ExecuteOnly { get; init; } = true;

    /// <summary>2-MiB pages are supported.</summary>
    public bool Pages2M { get; init; } = true;

    /// <summary>1-GiB pages are supported.</summary>
    public bool Pages1G { get; init; } = true;

    /// <summary>A page walk of length 5 is supported.</summary>
    public bool FiveLevels { get; init; } = true;

    /// <summary>Accessed and dirty bits are supported.</summary>
    public bool AccessedDirty { get; init; } = true;

    /// <summary>MAXPHYADDR of the CPU that walks the EPT, 32 to 52.</summary>
    public int PhysicalAddressBits { get; init; } = 52;

    /// <summary>
    /// Where the pages are noted whose dirty bits are set in the EPT: the guest physical address of a page of 512 words. Null if they are not. Intel
    /// SDM "Page-Modification Logging".
    /// </summary>
    public ulong? LogAddress { get; init; }

    /// <summary>The levels that the pointer asks for.</summary>
    internal int Levels => (int)((EptPointer >> 3) & 7) + 1;
}
