// Perf: takes turns among subjects, so that whatever disturbs the machine disturbs all of them.
using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace Mmu.Perf;

/// <summary>Measures subjects in rounds: one turn of each, in rotated order.</summary>
internal sealed class Rounds(IReadOnlyList<Subject> subjects, QuietProbe probe)
{
    private const int MaxRounds = 4096;
    private const int Patience = 8;

    /// <summary>Fewest rounds that count.</summary>
    public int MinRounds { get; init; } = 96;

    /// <summary>Warms up, measures, and gives a timing for each subject.</summary>
    /// <param name="warm">How long they run before anything counts.</param>
    /// <param name="budget">How long to measure; up to <c>Patience</c> times that until enough rounds had the core to themselves.</param>
    public IReadOnlyList<Timing> Measure(TimeSpan warm, TimeSpan budget) => Collect(warm, budget).Timings(subjects);

    /// <summary>As <see cref="Measure"/>, round by round.</summary>
    public RoundSamples Collect(TimeSpan warm, TimeSpan budget)
    {
        Stopwatch watch = Stopwatch.StartNew();
        for (int round = 0; watch.Elapsed < warm; round++)
        {
            _ = MeasureRound(round, new long[subjects.Count]);
        }

        List<double[]> quiet = [];
        List<double[]> all = [];
        long[] bytes = new long[subjects.Count];
        bool Enough() => quiet.Count >= MinRounds ? watch.Elapsed >= budget : all.Count >= MinRounds && watch.Elapsed >= budget * Patience;
        for (watch.Restart(); quiet.Count < MaxRounds && !Enough();)
        {
            bool quietBefore = probe.IsQuiet();
            double[] round = MeasureRound(all.Count, bytes);
            all.Add(round);
            if (quietBefore && probe.IsQuiet())
            {
                quiet.Add(round);
            }
        }

        bool isQuiet = quiet.Count >= MinRounds;
        return new RoundSamples(isQuiet ? quiet : all, bytes, isQuiet);
    }

    private double[] MeasureRound(int round, long[] bytes)
    {
        double[] samples = new double[subjects.Count];
        for (int i = 0; i < subjects.Count; i++)
        {
            // Each takes a chunk that nobody has just pulled into the caches, and each comes after each.
            int turn = (i + round) % subjects.Count;
            int chunk = (round * subjects.Count) + i;
            Subject subject = subjects[turn];
            subject.Prepare(chunk);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            subject.Run(chunk);
            long end = Stopwatch.GetTimestamp();
            bytes[turn] += GC.GetAllocatedBytesForCurrentThread() - before;
            samples[turn] = (end - start) * (1e9 / Stopwatch.Frequency) / subject.Operations;
        }

        return samples;
    }
}
