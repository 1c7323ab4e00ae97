// Perf: what was measured, round by round.
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Perf;

/// <summary>Nanoseconds an operation of each subject in each round that counts.</summary>
/// <param name="Rounds">By round, then by subject.</param>
/// <param name="Bytes">Managed bytes that each subject allocated, all rounds together.</param>
/// <param name="IsQuiet">Whether the core was this process's alone in these rounds.</param>
internal sealed record RoundSamples(IReadOnlyList<double[]> Rounds, long[] Bytes, bool IsQuiet)
{
    /// <summary>The same by subject.</summary>
    public IReadOnlyList<Timing> Timings(IReadOnlyList<Subject> subjects) =>
        [.. subjects.Select((subject, i) => Timing.Of(subject.Name, Rounds.Select(r => r[i]), Bytes[i], IsQuiet))];
}
