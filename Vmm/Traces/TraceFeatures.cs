// Vmm: the features byte of an MMU trace.
using System;

namespace Mmu.Vmm.Traces;

/// <summary>Paging features of the guest's CPU, as a trace's header stores them.</summary>
[Flags]
internal enum TraceFeatures : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>1-GiB pages.</summary>
    Pages1G = 1,

    /// <summary>4-MiB pages above 4 GiB.</summary>
    Pse36 = 2,

    /// <summary>NX.</summary>
    NoExecute = 4,

    /// <summary>SMEP.</summary>
    Smep = 8,

    /// <summary>SMAP.</summary>
    Smap = 16,

    /// <summary>Protection keys for user pages.</summary>
    Pku = 32,

    /// <summary>5-level paging.</summary>
    La57 = 64,

    /// <summary>PCIDs.</summary>
    Pcid = 128,
}
