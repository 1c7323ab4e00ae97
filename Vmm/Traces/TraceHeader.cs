// Vmm: what an MMU trace says before its records.
using System;
using Mmu.Architecture;

namespace Mmu.Vmm.Traces;

/// <summary>The guest's machine.</summary>
/// <param name="PhysicalAddressBits">MAXPHYADDR.</param>
/// <param name="Features">Paging features of the guest's CPU.</param>
/// <param name="MemoryBytes">Bytes of guest memory, from address 0.</param>
/// <param name="Metadata">Free text, JSON.</param>
internal sealed record TraceHeader(int PhysicalAddressBits, TraceFeatures Features, ulong MemoryBytes, string Metadata)
{
    /// <summary>Bytes before the metadata.</summary>
    internal const int FixedBytes = 24;

    /// <summary>Most bytes of metadata.</summary>
    internal const int MaxMetadataBytes = 1 << 20;

    /// <summary>The first eight bytes of a trace.</summary>
    internal static ReadOnlySpan<byte> Magic => "MMUTRC1\0"u8;

    /// <summary>The CPU for a walker.</summary>
    internal CpuFeatures Cpu => new()
    {
        PhysicalAddressBits = PhysicalAddressBits,
        Pages1G = Has(TraceFeatures.Pages1G),
        Pse36 = Has(TraceFeatures.Pse36),
        NoExecute = Has(TraceFeatures.NoExecute),
        Smep = Has(TraceFeatures.Smep),
        Smap = Has(TraceFeatures.Smap),
        Pku = Has(TraceFeatures.Pku),
        La57 = Has(TraceFeatures.La57),
        Pcid = Has(TraceFeatures.Pcid),
        Pks = false,
        ShadowStacks = false,
        Lam = false,
    };

    /// <summary>The features byte of a CPU.</summary>
    internal static TraceFeatures FeaturesOf(CpuFeatures cpu) =>
        (cpu.Pages1G ? TraceFeatures.Pages1G : 0) | (cpu.Pse36 ? TraceFeatures.Pse36 : 0) | (cpu.NoExecute ? TraceFeatures.NoExecute : 0)
        | (cpu.Smep ? TraceFeatures.Smep : 0) | (cpu.Smap ? TraceFeatures.Smap : 0) | (cpu.Pku ? TraceFeatures.Pku : 0)
        | (cpu.La57 ? TraceFeatures.La57 : 0) | (cpu.Pcid ? TraceFeatures.Pcid : 0);

    private bool Has(TraceFeatures feature) => (Features & feature) != 0;
}
