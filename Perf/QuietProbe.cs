// Perf: tells whether the core is ours alone at the moment.
using System.Diagnostics;
using System.Numerics;

namespace Mmu.Perf;

/// <summary>
/// Times a loop that keeps every ALU busy. A neighbour on the same core halves what a walk with many instructions gets and leaves a bare
/// pointer chase alone, so that ratios taken then say nothing of the walker; this loop shows it, and no competitor has a part in the
/// choice.
/// </summary>
internal sealed class QuietProbe
{
    private const int Iterations = 4000;
    private const double Tolerance = 1.1;

    private long _best = long.MaxValue;
    private ulong _sink;

    /// <summary>Whether the loop took about as long as it ever did at its fastest.</summary>
    public bool IsQuiet()
    {
        long start = Stopwatch.GetTimestamp();
        Spin();
        long ticks = Stopwatch.GetTimestamp() - start;
        _best = long.Min(_best, ticks);
        return ticks <= _best * Tolerance;
    }

    // Six chains of rotate and add: about six instructions a cycle.
    private void Spin()
    {
        ulong a = _sink, b = 1, c = 2, d = 3, e = 4, f = 5;
        for (int i = 0; i < Iterations; i++)
        {
            a = BitOperations.RotateLeft(a, 1) + 1;
            b = BitOperations.RotateLeft(b, 3) + 1;
            c = BitOperations.RotateLeft(c, 5) + 1;
            d = BitOperations.RotateLeft(d, 7) + 1;
            e = BitOperations.RotateLeft(e, 9) + 1;
            f = BitOperations.RotateLeft(f, 11) + 1;
        }

        _sink = a ^ b ^ c ^ d ^ e ^ f;
    }
}
