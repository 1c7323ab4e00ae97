// Shadow judge: what a stream's machine is like.
using System.Globalization;
using Mmu.Architecture;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal sealed record StreamOptions
{
    internal ulong Seed { get; init; } = 1;

    internal int Vcpus { get; init; } = 2;

    internal uint TablePages { get; init; } = 512;

    internal uint? TableQuota { get; init; }

    internal CpuFeatures Features { get; init; } = new() { PhysicalAddressBits = 46, ShadowStacks = false, Lam = false };

    /// <summary>So many allocations succeed, then one fails, or all until the guest is told of it; null for memory without faults.</summary>
    internal int? FailAfter { get; init; }

    internal bool FailsOnce { get; init; }

    /// <summary>The modes that the guest changes between; it starts in the first.</summary>
    internal OracleMode[] Modes { get; init; } = [OracleMode.Level4];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"seed {Seed}, {Vcpus} vCPUs, {TablePages} pages, quota {TableQuota}, {Features.Vendor} {Features.PhysicalAddressBits} bits, {string.Join('/', Modes)}");
}
