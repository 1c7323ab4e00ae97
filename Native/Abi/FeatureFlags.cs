// Abi: features that a guest's CPU lacks.
using System;

namespace Mmu.Native.Abi;

/// <summary>Paging features that the guest's CPUID does not show. 0 is a recent processor with everything.</summary>
[Flags]
internal enum FeatureFlags : uint
{
    /// <summary>Nothing is missing.</summary>
    None = 0,

    /// <summary>No PSE: no 4-MiB pages.</summary>
    Pse = 1 << 0,

    /// <summary>No PSE-36: no 4-MiB pages above 4 GiB.</summary>
    Pse36 = 1 << 1,

    /// <summary>No 1-GiB pages.</summary>
    Pages1G = 1 << 2,

    /// <summary>No NX.</summary>
    NoExecute = 1 << 3,

    /// <summary>No global pages.</summary>
    GlobalPages = 1 << 4,

    /// <summary>No PCIDs.</summary>
    Pcid = 1 << 5,

    /// <summary>No SMEP.</summary>
    Smep = 1 << 6,

    /// <summary>No SMAP.</summary>
    Smap = 1 << 7,

    /// <summary>No protection keys for user pages.</summary>
    Pku = 1 << 8,

    /// <summary>No protection keys for supervisor pages.</summary>
    Pks = 1 << 9,

    /// <summary>No shadow stacks.</summary>
    ShadowStacks = 1 << 10,

    /// <summary>No 5-level paging.</summary>
    La57 = 1 << 11,

    /// <summary>No linear-address masking.</summary>
    Lam = 1 << 12,
}
