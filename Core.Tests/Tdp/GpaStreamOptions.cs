// TDP judge: what a stream's machine is like.
using System.Globalization;
using Mmu.Common;

namespace Mmu.Tests.Tdp;

internal sealed record GpaStreamOptions
{
    internal ulong Seed { get; init; } = 1;

    internal int Vcpus { get; init; } = 2;

    internal uint TablePages { get; init; } = 512;

    internal TdpOptions Tdp { get; init; } = new();

    internal bool NxHugePages { get; init; }

    /// <summary>So many allocations succeed, then one fails, or all until the guest is told of it; null for memory without faults.</summary>
    internal int? FailAfter { get; init; }

    internal bool FailsOnce { get; init; }

    internal EntryFormat Format => Tdp.Format switch
    {
        TdpFormat.Ept => EntryFormat.Ept,
        TdpFormat.EptNoAccessedDirty => EntryFormat.EptNoMarks,
        _ => EntryFormat.Npt,
    };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"seed {Seed}, {Vcpus} vCPUs, {TablePages} pages, {Tdp}, NX huge pages {NxHugePages}");
}
