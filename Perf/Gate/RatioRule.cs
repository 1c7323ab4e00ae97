// Perf: the ratios that the gate holds.
using System.Collections.Generic;

namespace Mmu.Perf.Gate;

/// <summary>A bound on how long one walker takes beside another of the same run.</summary>
/// <param name="Set">The working set.</param>
/// <param name="Kind">The loop.</param>
/// <param name="Of">Whose time is divided.</param>
/// <param name="By">By whose it is.</param>
/// <param name="AtLeast">True if the ratio has a floor instead of a ceiling.</param>
/// <param name="Bounds">The bound in each mode, in the order of <see cref="ModeShape.All"/>.</param>
/// <remarks>
/// Ceilings stand about a sixth above what docs/perf/walk.md says was measured, as a neighbour on the same core favours one or the other:
/// a change of a few instructions is the business of callgrind.
/// </remarks>
internal sealed record RatioRule(string Set, MeasureKind Kind, string Of, string By, bool AtLeast, double[] Bounds)
{
    public static IReadOnlyList<RatioRule> All { get; } =
    [
        new("hot", MeasureKind.Dependent, Competitor.Core, Competitor.CWalk, false, [1.00, 1.15, 1.15, 1.10]),
        new("hot", MeasureKind.Dependent, Competitor.Generic, Competitor.Core, true, [1.15, 1.00, 1.05, 1.05]),
        new("hot", MeasureKind.Independent, Competitor.Core, Competitor.CWalk, false, [1.15, 1.30, 1.30, 1.35]),
        new("hot", MeasureKind.Independent, Competitor.Generic, Competitor.Core, true, [1.35, 1.15, 1.15, 1.10]),
        new("hot", MeasureKind.Batch, Competitor.Core, Competitor.CWalk, false, [0.65, 0.60, 0.55, 0.55]),
        new(WorkingSet.WriteSet, MeasureKind.Write, Competitor.Core, Competitor.CWalk, false, [1.10, 1.20, 1.05, 1.00]),
        new(WorkingSet.WriteSet, MeasureKind.Write, Competitor.Generic, Competitor.Core, true, [1.70, 1.50, 1.50, 1.50]),
    ];
}
