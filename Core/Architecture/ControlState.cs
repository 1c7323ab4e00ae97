// Architecture: the registers of one vCPU that decide how it translates.
using System.Runtime.InteropServices;

namespace Mmu.Architecture;

/// <summary>The control registers that decide how a vCPU translates addresses.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ControlState
{
    /// <summary>Creates the state of a processor after reset: paging off, PAT at its power-up value.</summary>
    public ControlState()
    {
    }

    /// <summary>CR0; PG and WP count.</summary>
    public ulong Cr0 { get; init; }

    /// <summary>CR3 as written, with PCID and LAM bits; bit 63 (keep translations) is ignored.</summary>
    public ulong Cr3 { get; init; }

    /// <summary>CR4.</summary>
    public ulong Cr4 { get; init; }

    /// <summary>IA32_EFER; LMA and NXE count.</summary>
    public ulong Efer { get; init; }

    /// <summary>IA32_PAT.</summary>
    public ulong Pat { get; init; } = 0x0007_0406_0007_0406;

    /// <summary>PKRU.</summary>
    public uint Pkru { get; init; }

    /// <summary>IA32_PKRS.</summary>
    public uint Pkrs { get; init; }
}
