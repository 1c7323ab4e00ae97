// Architecture: the nested page tables that a nested guest runs behind.
namespace Mmu.Architecture;

/// <summary>
/// The second dimension of a guest behind nested page tables: nCR3 and the state of the host that set it. AMD APM "Nested Paging".
/// </summary>
public readonly record struct NptControl
{
    /// <summary>Creates a control with 1-GiB pages and 52-bit addresses.</summary>
    public NptControl()
    {
    }

    /// <summary>nCR3.</summary>
    public ulong NestedCr3 { get; init; }

    /// <summary>The host's CR4: PAE, PSE, LA57 and SMEP count.</summary>
    public ulong HostCr4 { get; init; }

    /// <summary>The host's EFER: LMA and NXE count.</summary>
    public ulong HostEfer { get; init; }

    /// <summary>GMET: guest-mode execute trap is on.</summary>
    public bool GuestModeExecuteTrap { get; init; }

    /// <summary>1-GiB pages are supported.</summary>
    public bool Pages1G { get; init; } = true;

    /// <summary>The host's IA32_PAT.</summary>
    public ulong HostPat { get; init; } = 0x0007_0406_0007_0406;

    /// <summary>MAXPHYADDR of the CPU that walks the nested tables, 32 to 52.</summary>
    public int PhysicalAddressBits { get; init; } = 52;

    /// <summary>Levels of the tables: 2 (32-bit), 3 (PAE), 4 or 5.</summary>
    internal int Levels => (HostCr4 & ControlBits.Cr4Pae) == 0 ? 2
        : (HostEfer & ControlBits.EferLma) == 0 ? 3
        : (HostCr4 & ControlBits.Cr4La57) != 0 ? 5 : 4;

    /// <summary>Bit 63 of 8-byte entries refuses fetches.</summary>
    internal bool NoExecute => (HostCr4 & ControlBits.Cr4Pae) != 0 && (HostEfer & ControlBits.EferNxe) != 0;
}
