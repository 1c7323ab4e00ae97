// Perf: compiles walker.c with gcc and loads it into this process.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>The C walkers; absent, with the reason, where there is no gcc.</summary>
internal sealed unsafe class NativePeers : ICompetitorSource
{
    private readonly nint _library;

    private NativePeers(nint library) => _library = library;

    /// <summary>Builds and loads the library.</summary>
    /// <param name="note">What was built, or why nothing was.</param>
    public static NativePeers? TryLoad(out string note)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Peers", "walker.c");
        string library = Path.ChangeExtension(source, ".so");
        string[] arguments = ["-O3", "-march=native", "-fno-tree-slp-vectorize", "-shared", "-fPIC", "-o", library, source];
        try
        {
            if (Tool.Run("gcc", arguments) is null)
            {
                note = "C peers skipped: gcc could not build Peers/walker.c.";
                return null;
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            note = "C peers skipped: there is no gcc on the PATH.";
            return null;
        }

        NativePeers peers = new(NativeLibrary.Load(library));
        ulong size = ((delegate* unmanaged<ulong>)peers.Export("context_size"))();
        if (size != (ulong)sizeof(PeerContext))
        {
            throw new InvalidOperationException($"ctx in walker.c is {size} bytes, PeerContext {sizeof(PeerContext)}.");
        }

        note = (Tool.Run("gcc", "--version") ?? "gcc").Split('\n')[0] + " -O3 -march=native -fno-tree-slp-vectorize";
        return peers;
    }

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
            yield return new NativeCompetitor(name, Export($"{function}{set.Mode.Levels}_{loop}"), set, access);
        }
    }

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);
}
