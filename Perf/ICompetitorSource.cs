// Perf: where competitors come from: C peers, baselines in C#, the library.
using System.Collections.Generic;

namespace Mmu.Perf;

/// <summary>Makes the competitors of one family for a working set.</summary>
internal interface ICompetitorSource
{
    /// <summary>Competitors of the given kind; empty where the family has none.</summary>
    IEnumerable<Competitor> Create(MeasureKind kind, WorkingSet set);
}
