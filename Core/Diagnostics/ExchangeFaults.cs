// Diagnostics: makes compare-exchanges of entries fail on demand, so that tests can lose each in turn; present under MMU_ASSERT (Debug) only.
using System;

namespace Mmu.Diagnostics;

/// <summary>A countdown of the calling thread over its compare-exchanges of SPTEs.</summary>
internal static class ExchangeFaults
{
    [ThreadStatic]
    private static int _attempts;

    [ThreadStatic]
    private static int _loses;

    /// <summary>How many compare-exchanges this thread has tried since <see cref="Lose"/>.</summary>
    internal static int Attempts => _attempts;

    /// <summary>Lets the <paramref name="nth"/> compare-exchange from now on fail, the first being 1; 0 for none.</summary>
    internal static void Lose(int nth)
    {
        _attempts = 0;
        _loses = nth;
    }

    /// <summary>Counts a compare-exchange; true if it has to fail.</summary>
    internal static bool Loses() => ++_attempts == _loses;
}
