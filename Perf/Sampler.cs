// Perf: measures the walkers of one kind over one working set, and sees to it that they agree.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Perf;

/// <summary>Measures the competitors of one kind over one working set.</summary>
internal sealed unsafe class Sampler(WorkingSet set, MeasureKind kind, QuietProbe probe)
{
    /// <summary>Checks that all competitors agree, warms them up and measures them.</summary>
    /// <param name="competitors">The walkers, each in the loop of this kind.</param>
    /// <param name="warm">How long they run before anything counts.</param>
    /// <param name="budget">How long to measure.</param>
    public IReadOnlyList<Measurement> Measure(IReadOnlyList<Competitor> competitors, TimeSpan warm, TimeSpan budget)
    {
        CheckSums(competitors);
        IReadOnlyList<Timing> timings = new Rounds([.. competitors.Select(c => new WalkSubject(c, set, kind))], probe).Measure(warm, budget);
        double? NsOf(string name) => timings.FirstOrDefault(t => t.Name == name)?.Ns;
        double? floor = NsOf(Competitor.Floor) ?? NsOf(Competitor.CSharpFloor);
        double? walk = NsOf(Competitor.CWalk);
        return [.. timings.Select(t => new Measurement(
            set.Mode.Name, set.Name, kind, t.Name, t.Ns, t.Low, t.High, t.Ns / floor, t.Ns / walk, t.Bytes, t.Rounds, t.Quiet))];
    }

    // A walker that is fast because it is wrong must not be measured.
    private void CheckSums(IReadOnlyList<Competitor> competitors)
    {
        for (int chunk = 0; chunk < set.Chunks; chunk++)
        {
            ulong? expected = null;
            foreach (Competitor competitor in competitors)
            {
                if (kind == MeasureKind.Write)
                {
                    set.ClearAccessedDirty(chunk);
                }

                ulong sum = competitor.Run(set.Chunk(chunk), WorkingSet.ChunkWalks, 0);
                expected ??= sum;
                if (sum != expected || sum == ulong.MaxValue)
                {
                    throw new InvalidOperationException(
                        $"{competitor.Name} sums chunk {chunk} of {set.Mode} {set.Name} to {sum:x}, {competitors[0].Name} to {expected:x}.");
                }

                if (kind == MeasureKind.Write)
                {
                    set.CheckAccessedDirty(chunk, competitor.Name);
                }
            }
        }
    }
}
