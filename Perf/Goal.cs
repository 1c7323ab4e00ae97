// Perf: the goals of the walker as ratios of one run.
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Perf;

/// <summary>A bound on a measured ratio.</summary>
internal sealed record Goal(string Mode, string What, bool AtLeast, double Bound, double Value)
{
    public bool Met => AtLeast ? Value >= Bound : Value <= Bound;

    /// <summary>Judges what can be judged of the measurements.</summary>
    public static IEnumerable<Goal> Judge(IReadOnlyList<Measurement> all)
    {
        foreach (IGrouping<string, Measurement> mode in all.GroupBy(m => m.Mode))
        {
            Measurement[] rows = [.. mode];
            IEnumerable<Goal?> goals = Single(mode.Key, rows).Concat(Batched(mode.Key, rows)).Append(Allocation(mode.Key, rows));
            foreach (Goal? goal in goals)
            {
                if (goal is not null)
                {
                    yield return goal;
                }
            }
        }
    }

    private static IEnumerable<Goal?> Single(string mode, Measurement[] rows)
    {
        const MeasureKind Dependent = MeasureKind.Dependent;
        const MeasureKind Independent = MeasureKind.Independent;
        yield return Make(mode, "C walk counts: hot, dependent, × floor", false, 1.6, Find(rows, "hot", Dependent, Competitor.CWalk)?.ToFloor);
        yield return Make(mode, "single walk, hot, dependent, × floor", false, 1.30, Find(rows, "hot", Dependent, Competitor.Core)?.ToFloor);
        yield return Make(mode, "single walk, hot, dependent, × C walk", false, 0.9, Find(rows, "hot", Dependent, Competitor.Core)?.ToWalk);
        yield return Make(mode, "single walk, 64 MiB, dependent, × floor", false, 1.25, Find(rows, "m64", Dependent, Competitor.Core)?.ToFloor);
        yield return Make(mode, "single walk, 4 GiB, dependent, × floor", false, 1.08, Find(rows, "g4", Dependent, Competitor.Core)?.ToFloor);
        yield return Make(mode, "single walk, sparse, dependent, × floor", false, 1.08, Find(rows, "sparse", Dependent, Competitor.Core)?.ToFloor);
        yield return Make(mode, "slots and public API, hot, dependent, × floor", false, 1.7, Find(rows, "hot", Dependent, Competitor.CoreSlots)?.ToFloor);
        yield return Make(
            mode, "write that sets A and D, × C walk", false, 1.0, Find(rows, WorkingSet.WriteSet, MeasureKind.Write, Competitor.Core)?.ToWalk);
        yield return Make(
            mode,
            "generic walker, hot, independent, × generated",
            true,
            1.2,
            Ratio(Find(rows, "hot", Independent, Competitor.Generic), Find(rows, "hot", Independent, Competitor.Core)));
    }

    private static IEnumerable<Goal?> Batched(string mode, Measurement[] rows)
    {
        yield return Make(mode, "batch, hot, × C walk's loop", false, 0.42, Find(rows, "hot", MeasureKind.Batch, Competitor.Core)?.ToWalk);
        yield return Make(mode, "batch, 4 GiB, × C walk's loop", false, 0.36, Find(rows, "g4", MeasureKind.Batch, Competitor.Core)?.ToWalk);
        yield return Make(
            mode,
            "one at a time, sparse, × batch",
            true,
            7,
            Ratio(Find(rows, "sparse", MeasureKind.Dependent, Competitor.Core), Find(rows, "sparse", MeasureKind.Batch, Competitor.Core)));
    }

    private static Goal? Allocation(string mode, Measurement[] rows)
    {
        Measurement[] core = [.. rows.Where(m => m.Name is Competitor.Core or Competitor.CoreSlots)];
        return core.Length == 0 ? null : new Goal(mode, "bytes allocated, all kinds and sets", false, 0, core.Sum(m => m.Bytes));
    }

    private static Goal? Make(string mode, string what, bool atLeast, double bound, double? value) =>
        value is { } v ? new Goal(mode, what, atLeast, bound, v) : null;

    private static double? Ratio(Measurement? a, Measurement? b) => a is null || b is null ? null : a.Ns / b.Ns;

    private static Measurement? Find(Measurement[] rows, string set, MeasureKind kind, string name) =>
        rows.FirstOrDefault(m => m.Set == set && m.Kind == kind && m.Name == name);
}
