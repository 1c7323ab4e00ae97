// Perf: the same loops as `compare` under BenchmarkDotNet, for its statistics, allocation figures and disassembly.
using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using BenchmarkDotNet.Attributes;

namespace Mmu.Perf;

/// <summary>Walks over the hot and the 64 MiB set; times are per walk.</summary>
[MemoryDiagnoser]
[DisassemblyDiagnoser(maxDepth: 3, exportGithubMarkdown: true)]
[SuppressMessage("Maintainability", "CA1515", Justification = "BenchmarkDotNet derives from it in an assembly of its own.")]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes.")]
public unsafe class WalkBenchmarks
{
    private readonly Dictionary<(MeasureKind Kind, string Name), Competitor> _competitors = [];
    private WorkingSet? _set;
    private int _chunk;

    /// <summary>Paging mode.</summary>
    [Params("bits32", "pae", "long4", "long5")]
    public string Mode { get; set; } = "";

    /// <summary>Working set.</summary>
    [Params("hot", "m64")]
    public string Set { get; set; } = "";

    /// <summary>Builds tables and competitors.</summary>
    [GlobalSetup]
    public void Setup()
    {
        WorkingSet set = WorkingSet.Create(Set, ModeShape.All.First(m => m.Name == Mode));
        _set = set;
        List<ICompetitorSource> sources = [.. CompetitorSources.All(out string note)];
        Console.WriteLine($"// {note}");
        foreach (MeasureKind kind in (MeasureKind[])[MeasureKind.Dependent, MeasureKind.Independent, MeasureKind.Batch])
        {
            foreach (Competitor competitor in sources.SelectMany(s => s.Create(kind, set)))
            {
                _competitors[(kind, competitor.Name)] = competitor;
            }
        }
    }

    /// <summary>Frees the tables.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _set?.Dispose();
        _set = null;
    }

    /// <summary>The bare chase, one after the other.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong FloorDependent() => Run(MeasureKind.Dependent, Competitor.CSharpFloor);

    /// <summary>The C walk, one after the other.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong CWalkDependent() => Run(MeasureKind.Dependent, Competitor.CWalk);

    /// <summary>The generic walker, one after the other.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong GenericDependent() => Run(MeasureKind.Dependent, Competitor.Generic);

    /// <summary>The generated walker over one window, one after the other.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong MmuDependent() => Run(MeasureKind.Dependent, Competitor.Core);

    /// <summary>The public API over four slots, one after the other.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong MmuSlotsDependent() => Run(MeasureKind.Dependent, Competitor.CoreSlots);

    /// <summary>The C walk in a plain loop.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong CWalkIndependent() => Run(MeasureKind.Independent, Competitor.CWalk);

    /// <summary>The generic walker in a plain loop.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong GenericIndependent() => Run(MeasureKind.Independent, Competitor.Generic);

    /// <summary>The generated walker over one window in a plain loop.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong MmuIndependent() => Run(MeasureKind.Independent, Competitor.Core);

    /// <summary>The public API over four slots in a plain loop.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong MmuSlotsIndependent() => Run(MeasureKind.Independent, Competitor.CoreSlots);

    /// <summary>The batch call over one slot.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong MmuBatch() => Run(MeasureKind.Batch, Competitor.Core);

    /// <summary>The batch call over four slots.</summary>
    [Benchmark(OperationsPerInvoke = WorkingSet.ChunkWalks)]
    public ulong MmuSlotsBatch() => Run(MeasureKind.Batch, Competitor.CoreSlots);

    private ulong Run(MeasureKind kind, string name) => _competitors[(kind, name)].Run(_set!.Chunk(_chunk++ & 15), WorkingSet.ChunkWalks, 0);
}
