// Architecture: what the guest's CPUID says about paging.
using System;

namespace Mmu.Architecture;

/// <summary>
/// The paging features of a guest's CPU, as its CPUID shows them. The default is a recent Intel processor with everything.
/// </summary>
public sealed record CpuFeatures
{
    /// <summary>Vendor; decides reserved bits that differ.</summary>
    public CpuVendor Vendor { get; init; } = CpuVendor.Intel;

    /// <summary>MAXPHYADDR: width of physical addresses in bits, 32 to 52.</summary>
    public int PhysicalAddressBits { get; init; } = 52;

    /// <summary>PSE: 4-MiB pages of 32-bit paging.</summary>
    public bool Pse { get; init; } = true;

    /// <summary>PSE-36: 4-MiB pages above 4 GiB.</summary>
    public bool Pse36 { get; init; } = true;

    /// <summary>1-GiB pages.</summary>
    public bool Pages1G { get; init; } = true;

    /// <summary>NX: EFER.NXE can be set.</summary>
    public bool NoExecute { get; init; } = true;

    /// <summary>PGE: global pages.</summary>
    public bool GlobalPages { get; init; } = true;

    /// <summary>PCID.</summary>
    public bool Pcid { get; init; } = true;

    /// <summary>SMEP.</summary>
    public bool Smep { get; init; } = true;

    /// <summary>SMAP.</summary>
    public bool Smap { get; init; } = true;

    /// <summary>Protection keys for user pages.</summary>
    public bool Pku { get; init; } = true;

    /// <summary>Protection keys for supervisor pages.</summary>
    public bool Pks { get; init; } = true;

    /// <summary>Shadow stacks: CR4.CET can be set.</summary>
    public bool ShadowStacks { get; init; } = true;

    /// <summary>5-level paging.</summary>
    public bool La57 { get; init; } = true;

    /// <summary>Linear-address masking.</summary>
    public bool Lam { get; init; } = true;

    internal void Validate()
    {
        if (PhysicalAddressBits is < 32 or > 52)
        {
            throw new ArgumentOutOfRangeException(nameof(PhysicalAddressBits), PhysicalAddressBits, "MAXPHYADDR must be 32 to 52 bits.");
        }
    }
}
