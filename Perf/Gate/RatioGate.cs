// Perf: holds ratios of one run to their bounds.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.Intrinsics;

namespace Mmu.Perf.Gate;

/// <summary>Measures the competitors that the rules name, in turns, and again where a rule seems broken.</summary>
internal sealed class RatioGate(IReadOnlyList<ICompetitorSource> sources)
{
    private const int Attempts = 3;
    private const int Rounds = 96;

    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(0.4);

    private readonly QuietProbe _probe = new();

    /// <summary>Times that were measured, by what.</summary>
    public SortedDictionary<string, double> Times { get; } = new(StringComparer.Ordinal);

    /// <summary>Lines about rules that were kept, which are nobody's failures.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The rules that are broken, a line each.</summary>
    public IEnumerable<string> Broken()
    {
        foreach (IGrouping<(string Set, MeasureKind Kind), RatioRule> rules in RatioRule.All.GroupBy(r => (r.Set, r.Kind)))
        {
            if (rules.Key.Kind == MeasureKind.Batch && !Vector512.IsHardwareAccelerated)
            {
                Notes.Add("ratios of batches: SKIPPED, the CPU has no 512-bit vectors");
                continue;
            }

            for (int mode = 0; mode < ModeShape.All.Length; mode++)
            {
                foreach (string line in Broken([.. rules], mode))
                {
                    yield return line;
                }
            }
        }
    }

    private List<string> Broken(RatioRule[] rules, int mode)
    {
        ModeShape shape = ModeShape.All[mode];
        using WorkingSet set = WorkingSet.Create(rules[0].Set, shape);
        MeasureKind kind = rules[0].Kind;
        HashSet<string> wanted = [.. rules.SelectMany(r => (string[])[r.Of, r.By])];
        Subject[] subjects = [.. sources.SelectMany(s => s.Create(kind, set)).Where(c => wanted.Contains(c.Name)).Select(c => new WalkSubject(c, set, kind))];
        string[] names = [.. subjects.Select(s => s.Name)];
        RatioRule[] open = [.. rules.Where(r => names.Contains(r.Of) && names.Contains(r.By))];
        List<string> broken = [];
        for (int attempt = 0; attempt < Attempts && open.Length > 0; attempt++)
        {
            RoundSamples samples = new Rounds(subjects, _probe) { MinRounds = Rounds }.Collect(s_warmUp, s_budget);
            foreach (Timing timing in samples.Timings(subjects))
            {
                Times[$"{shape.Name} {set.Name} {kind} {timing.Name}"] = timing.Ns;
            }

            broken.Clear();
            List<RatioRule> again = [];
            foreach (RatioRule rule in open)
            {
                int of = Array.IndexOf(names, rule.Of);
                int by = Array.IndexOf(names, rule.By);
                PairedRatio ratio = PairedRatio.Of(samples.Rounds.Select(r => (r[of], r[by])));
                string line = Line(shape, rule, rule.Bounds[mode], ratio, samples.IsQuiet);
                if (ratio.Keeps(rule.Bounds[mode], rule.AtLeast))
                {
                    Notes.Add(line);
                }
                else
                {
                    again.Add(rule);
                    broken.Add($"{line}; {attempt + 1} times");
                }
            }

            open = [.. again];
        }

        return broken;
    }

    private static string Line(ModeShape mode, RatioRule rule, double bound, PairedRatio ratio, bool quiet) => string.Create(
        CultureInfo.InvariantCulture,
        $"scenario '{mode.Name} {rule.Set} {rule.Kind}': time of {rule.Of} by {rule.By}: bound {(rule.AtLeast ? "≥" : "≤")} {bound:0.00}, measured {ratio.Median:0.00} ({ratio.Low:0.00}–{ratio.High:0.00}, {(quiet ? "quiet" : "busy")})");
}
