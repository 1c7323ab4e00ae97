// Perf: takes turns among competitors, chunk by chunk, so that whatever disturbs the machine disturbs all of them.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace Mmu.Perf;

/// <summary>Measures the competitors of one kind over one working set.</summary>
internal sealed unsafe class Sampler(WorkingSet set, MeasureKind kind, QuietProbe probe)
{
    private const int MinRounds = 96;
    private const int MaxRounds = 4096;
    private const int Patience = 8;

    /// <summary>Checks that all competitors agree, warms them up and measures them.</summary>
    /// <param name="competitors">The walkers, each in the loop of this kind.</param>
    /// <param name="warm">How long they run before anything counts.</param>
    /// <param name="budget">How long to measure; up to <c>Patience</c> times that until enough rounds had the core to themselves.</param>
    public IReadOnlyList<Measurement> Measure(IReadOnlyList<Competitor> competitors, TimeSpan warm, TimeSpan budget)
    {
        CheckSums(competitors);
        Stopwatch watch = Stopwatch.StartNew();
        for (int round = 0; watch.Elapsed < warm; round++)
        {
            for (int i = 0; i < competitors.Count; i++)
            {
                _ = Time(competitors[i], (round * competitors.Count) + i);
            }
        }

        List<double[]> quiet = [];
        List<double[]> all = [];
        long[] bytes = new long[competitors.Count];
        bool Enough() => quiet.Count >= MinRounds ? watch.Elapsed >= budget : all.Count >= MinRounds && watch.Elapsed >= budget * Patience;
        for (watch.Restart(); quiet.Count < MaxRounds && !Enough();)
        {
            bool quietBefore = probe.IsQuiet();
            double[] round = MeasureRound(competitors, all.Count, bytes);
            all.Add(round);
            if (quietBefore && probe.IsQuiet())
            {
                quiet.Add(round);
            }
        }

        bool isQuiet = quiet.Count >= MinRounds;
        return Summarise(competitors, isQuiet ? quiet : all, bytes, isQuiet);
    }

    private double[] MeasureRound(IReadOnlyList<Competitor> competitors, int round, long[] bytes)
    {
        double[] samples = new double[competitors.Count];
        for (int i = 0; i < competitors.Count; i++)
        {
            // Each takes a chunk that nobody has just pulled into the caches, and each comes after each.
            int turn = (i + round) % competitors.Count;
            long before = GC.GetAllocatedBytesForCurrentThread();
            samples[turn] = Time(competitors[turn], (round * competitors.Count) + i);
            bytes[turn] += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return samples;
    }

    private IReadOnlyList<Measurement> Summarise(IReadOnlyList<Competitor> competitors, List<double[]> rounds, long[] bytes, bool isQuiet)
    {
        double[][] sorted = [.. competitors.Select((_, i) => rounds.Select(r => r[i]).Order().ToArray())];
        double? MedianOf(string name)
        {
            int index = competitors.ToList().FindIndex(c => c.Name == name);
            return index < 0 ? null : sorted[index][rounds.Count / 2];
        }

        double? floor = MedianOf(Competitor.Floor) ?? MedianOf(Competitor.CSharpFloor);
        double? walk = MedianOf(Competitor.CWalk);
        return [.. competitors.Select((c, i) =>
        {
            double[] ns = sorted[i];
            double median = ns[ns.Length / 2];
            (double low, double high) = (ns[ns.Length / 10], ns[ns.Length * 9 / 10]);
            return new Measurement(
                set.Mode.Name, set.Name, kind, c.Name, median, low, high, median / floor, median / walk, bytes[i], ns.Length, isQuiet);
        })];
    }

    private double Time(Competitor competitor, int chunk)
    {
        ulong* gvas = set.Chunk(chunk);
        if (kind == MeasureKind.Write)
        {
            set.ClearAccessedDirty(chunk);
        }

        // 0, as all addresses are the user's half; the loop it goes to cannot know.
        ulong zero = *gvas >> 63;
        long start = Stopwatch.GetTimestamp();
        ulong sum = competitor.Run(gvas, WorkingSet.ChunkWalks, zero);
        long end = Stopwatch.GetTimestamp();
        if (sum == ulong.MaxValue)
        {
            throw new InvalidOperationException($"{competitor.Name} refused a walk of {set.Mode} {set.Name}.");
        }

        return (end - start) * (1e9 / Stopwatch.Frequency) / WorkingSet.ChunkWalks;
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
