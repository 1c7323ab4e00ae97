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

    private bool Has(TraceFeatures feature) => (Features & feature) != 0;
}
