// Vmm: what a replay came to.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mmu.Common;
using Mmu.Vmm.Traces;
using Mmu.Walk;

namespace Mmu.Vmm.Replay;

/// <summary>Prints the outcome of a replay.</summary>
internal static class ReplayReport
{
    private static readonly RecordKind[] _kinds =
    [
        RecordKind.Access, RecordKind.Control, RecordKind.Flush, RecordKind.InvalidatePage, RecordKind.InvalidatePcid, RecordKind.Page,
        RecordKind.ExpectedPage, RecordKind.Store, RecordKind.HostStore,
    ];

    /// <summary>Prints it.</summary>
    public static void Write(
        TextWriter output, TraceReader reader, Replayer replayer, List<IReplayMachine> machines, DifferenceLog differences, TimeSpan time)
    {
        TraceHeader header = reader.Header;
        output.WriteLine($"guest       {header.MemoryBytes >> 20} MiB, MAXPHYADDR {header.PhysicalAddressBits}, {header.Features}");
        IEnumerable<string> counts = _kinds.Where(kind => replayer.Counts[(int)kind] != 0).Select(kind => $"{(char)kind} {replayer.Counts[(int)kind]:n0}");
        output.WriteLine($"records     {replayer.Records:n0}: {string.Join(", ", counts)}");
        output.WriteLine($"time        {time.TotalSeconds:f1} s, {replayer.Records / time.TotalSeconds:n0} records/s");
        for (int i = 0; i < machines.Count; i++)
        {
            output.WriteLine(
                $"{machines[i].Name,-12}{replayer.Counts[(int)RecordKind.Access]:n0} answers and {replayer.Counts[(int)RecordKind.ExpectedPage]:n0} pages compared, "
                + $"{differences.Of(i):n0} differences");
            if (machines[i] is SoftTlbMachine tlb)
            {
                Write(output, tlb.Counts);
            }
            else if (machines[i] is ShadowMachine shadow)
            {
                Write(output, shadow);
            }
        }
    }

    private static void Write(TextWriter output, ShadowMachine shadow)
    {
        ShadowCounts counts = shadow.Counts;
        MmuStatistics statistics = shadow.Statistics;
        output.WriteLine($"  accesses  no fault {counts.AccessHits:n0}{Outcomes<FaultOutcome>(counts.Accesses)}");
        if (counts.Late.Describe() is { } late)
        {
            output.WriteLine(late);
        }

        output.WriteLine($"  stores    no fault {counts.PlainStores:n0}{Outcomes<FaultOutcome>(counts.Stores)}, tables given up {counts.Unprotected:n0}, "
            + $"by a cached translation {counts.CachedStores:n0}");
        output.WriteLine($"  TLB       hits {shadow.TlbHits:n0}, flushes {counts.Flushes:n0}");
        output.WriteLine($"  tables    now {statistics.Tables:n0}, made {statistics.TablesAllocated:n0}, zapped {statistics.TablesZapped:n0}, "
            + $"flooded {statistics.TablesFlooded:n0}, unsync {statistics.Unsyncs:n0}");
        output.WriteLine($"  mappings  4K {statistics.Pages4K:n0}, 2M {statistics.Pages2M:n0}, 1G {statistics.Pages1G:n0}; prefetched {statistics.Prefetched:n0}; "
            + $"SPTE stores {statistics.SpteStores:n0}");
        output.WriteLine($"  metadata  {statistics.MetadataBytes >> 10:n0} KiB");
    }

    private static void Write(TextWriter output, SoftTlbCounts counts)
    {
        output.WriteLine($"  accesses  {HitRate(counts.AccessHits, counts.Accesses)}{Outcomes<SoftTlbOutcome>(counts.Accesses)}");
        if (counts.Late.Describe() is { } late)
        {
            output.WriteLine(late);
        }

        output.WriteLine($"  stores    {HitRate(counts.StoreHits, counts.Stores)}{Outcomes<SoftTlbOutcome>(counts.Stores)}, "
            + $"by a cached translation {counts.CachedStores:n0}");
    }

    private static string HitRate(ulong hits, ulong[] misses)
    {
        ulong missed = 0;
        Array.ForEach(misses, count => missed += count);
        return $"hits {hits:n0} ({hits / Math.Max(1.0, hits + missed):p1}), misses {missed:n0}";
    }

    private static string Outcomes<T>(ulong[] counts)
        where T : struct, Enum => string.Concat(
            Enum.GetValues<T>().Where(o => counts[Convert.ToInt32(o, null)] != 0).Select(o => $", {o} {counts[Convert.ToInt32(o, null)]:n0}"));
}
