// Perf: what came out of the turns of one subject.
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Perf;

/// <summary>Nanoseconds an operation: median, and tenth and ninetieth percentile over the rounds that count.</summary>
/// <param name="Bytes">Managed bytes allocated while the clock ran, all rounds together.</param>
/// <param name="Quiet">Whether the core was this process's alone in the rounds that count.</param>
internal sealed record Timing(string Name, double Ns, double Low, double High, long Bytes, int Rounds, bool Quiet)
{
    public static Timing Of(string name, IEnumerable<double> samples, long bytes, bool quiet)
    {
        double[] sorted = [.. samples.Order()];
        return new Timing(name, sorted[sorted.Length / 2], sorted[sorted.Length / 10], sorted[sorted.Length * 9 / 10], bytes, sorted.Length, quiet);
    }
}
