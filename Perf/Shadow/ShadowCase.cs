// Perf: one operation of an MMU with the floors of the same memory work.
using System.Collections.Generic;
using Mmu.Vm;

namespace Mmu.Perf.Shadow;

/// <summary>An operation that is measured.</summary>
/// <param name="What">What the operation is, and per what its time counts.</param>
/// <param name="Goal">Most nanoseconds it should take; null if nobody set a goal.</param>
/// <param name="Subjects">The library first, then the floors; the first floor is the one that ratios refer to.</param>
internal sealed record ShadowCase(string What, double? Goal, IReadOnlyList<Subject> Subjects)
{
    /// <summary>The VM whose counters it moves; null if nobody asks.</summary>
    public MmuVm? Vm { get; init; }

    /// <summary>Most times the first floor.</summary>
    public double? RatioGoal { get; init; }

    /// <summary>Fewest rounds: few where each takes long to prepare.</summary>
    public int MinRounds { get; init; } = 96;
}
