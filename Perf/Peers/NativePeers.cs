// Perf: the walkers of walker.c as competitors.
using System.Collections.Generic;

namespace Mmu.Perf.Peers;

/// <summary>The C walkers; absent, with the reason, where there is no gcc.</summary>
internal sealed unsafe class NativePeers : ICompetitorSource
{
    private readonly PeerLibrary _library;

    private NativePeers(PeerLibrary library) => _library = library;

    /// <summary>Builds and loads the library.</summary>
    /// <param name="note">What was built, or why nothing was.</param>
    public static NativePeers? TryLoad(out string note) =>
        PeerLibrary.TryLoad("walker.c", sizeof(PeerContext), out note) is { } library ? new NativePeers(library) : null;

    public IEnumerable<Competitor> Create(MeasureKind kind, WorkingSet set)
    {
        uint access = MeasuredState.AccessUser | (kind == MeasureKind.Write ? MeasuredState.AccessWrite : 0);
        (string Name, string Function, string Loop)[] wanted = kind switch
        {
            MeasureKind.Dependent =>
                [(Competitor.Floor, "floor", "dependent"), (Competitor.CWalk, "walk", "dependent"), ("C fast", "fast", "dependent"), ("C slots", "slots", "dependent")],
            MeasureKind.Independent =>
                [(Competitor.Floor, "floor", "independent"), (Competitor.CWalk, "walk", "independent"), ("C fast", "fast", "independent"), ("C slots", "slots", "independent")],
            MeasureKind.Batch =>
                [("C floor", "floor", "batch"), (Competitor.CWalk, "walk", "independent"), ("C swp32", "swp", "batch"), ("C simd32", "simd", "batch")],
            _ => [(Competitor.Floor, "floor", "exchange"), (Competitor.CWalk, "walk", "independent"), ("C slots", "slots", "independent")],
        };
        foreach ((string name, string function, string loop) in wanted)
        {
            yield return new NativeCompetitor(name, _library.Export($"{function}{set.Mode.Levels}_{loop}"), set, access);
        }
    }
}
