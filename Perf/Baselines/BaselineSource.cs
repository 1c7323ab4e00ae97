// Perf: the baselines written in C#.
using System.Collections.Generic;

namespace Mmu.Perf.Baselines;

/// <summary>The bare chase and the generic walker.</summary>
internal sealed class BaselineSource : ICompetitorSource
{
    public IEnumerable<Competitor> Create(MeasureKind kind, WorkingSet set)
    {
        bool dependent = kind == MeasureKind.Dependent;
        uint access = MeasuredState.AccessUser | (kind == MeasureKind.Write ? MeasuredState.AccessWrite : 0);
        if (dependent || kind == MeasureKind.Independent)
        {
            yield return new FloorCompetitor(set, dependent);
        }

        if (kind != MeasureKind.Batch)
        {
            yield return new GenericCompetitor(set, access, dependent);
        }
    }
}
