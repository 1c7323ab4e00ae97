// Perf: the operations of the Shadow MMU under BenchmarkDotNet, for its allocation figures.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using BenchmarkDotNet.Attributes;
using Mmu.Perf.Shadow;

namespace Mmu.Perf;

/// <summary>
/// One turn of each operation of `compare --suite shadow`, for a whole chunk; what a turn uses up is prepared before it, untimed. For
/// ratios see `compare`: here nothing alternates.
/// </summary>
[MemoryDiagnoser]
[InvocationCount(1)]
[SuppressMessage("Maintainability", "CA1515", Justification = "BenchmarkDotNet derives from it in an assembly of its own.")]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes.")]
public class ShadowBenchmarks
{
    private ShadowSuite? _suite;
    private Subject? _subject;
    private int _turn;

    /// <summary>Paging mode.</summary>
    [Params("bits32", "pae", "long4", "long5")]
    public string Mode { get; set; } = "";

    /// <summary>Name of the operation, or the beginning of it.</summary>
    [Params(
        "map a page, in order", "map 8 pages a fault, in order", "map a page with a new table", "sync a table, 1 of", "sync a table, 512 of",
        "unsync store + INVLPG + fault", "INVLPG, table in step", "process of 512 pages", "cached root: MOV", "root by hash",
        "write-protect, plain", "write-protect, atomic")]
    public string Operation { get; set; } = "";

    /// <summary>Builds the guest and maps it.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _suite = new ShadowSuite(ModeShape.All.First(m => m.Name == Mode), library: null);
        _subject = _suite.Cases().First(c => c.What.StartsWith(Operation, StringComparison.Ordinal)).Subjects[0];
    }

    /// <summary>Brings about what the turn uses up.</summary>
    [IterationSetup]
    public void Prepare() => _subject!.Prepare(++_turn);

    /// <summary>The turn.</summary>
    [Benchmark]
    public void Turn() => _subject!.Run(_turn);

    /// <summary>Frees the guest.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _suite?.Dispose();
        _suite = null;
    }
}
