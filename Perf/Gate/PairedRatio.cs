// Perf: what rounds say of a ratio, and how surely.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Perf.Gate;

/// <summary>Median of the ratios of the two times of each round, with a confidence interval.</summary>
/// <remarks>
/// Rounds are paired: what slows the machine slows both. The interval is that of the sign test, which assumes nothing of how times are
/// distributed: the median lies outside it once in a hundred.
/// </remarks>
internal readonly record struct PairedRatio(double Median, double Low, double High)
{
    // Half of 99 % of a normal distribution, in standard deviations.
    private const double Deviations = 2.576;

    public static PairedRatio Of(IEnumerable<(double Of, double By)> rounds)
    {
        double[] sorted = [.. rounds.Select(r => r.Of / r.By).Order()];
        int reach = (int)Math.Ceiling(Deviations * Math.Sqrt(sorted.Length) / 2);
        int middle = sorted.Length / 2;
        return new PairedRatio(sorted[middle], sorted[Math.Max(0, middle - reach)], sorted[Math.Min(sorted.Length - 1, middle + reach)]);
    }

    /// <summary>False only if the bound is broken beyond doubt.</summary>
    public bool Keeps(double bound, bool atLeast) => atLeast ? High >= bound : Low <= bound;
}
