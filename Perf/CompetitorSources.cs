// Perf: everyone who takes part.
using System.Collections.Generic;
using Mmu.Perf.Baselines;
using Mmu.Perf.Library;
using Mmu.Perf.Peers;

namespace Mmu.Perf;

/// <summary>The families of competitors that this machine can run.</summary>
internal static class CompetitorSources
{
    /// <summary>All families.</summary>
    /// <param name="peers">How the C peers were built, or why they are missing.</param>
    public static IReadOnlyList<ICompetitorSource> All(out string peers)
    {
        List<ICompetitorSource> sources = [];
        if (NativePeers.TryLoad(out peers) is { } native)
        {
            sources.Add(native);
        }

        sources.Add(new BaselineSource());
        sources.Add(new LibrarySource());
        return sources;
    }
}
