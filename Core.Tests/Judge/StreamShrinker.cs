// Judge: finds out which commands of a failing stream it takes to fail.
using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace Mmu.Tests.Judge;

internal static class StreamShrinker
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 } ? 60 : 10);

    /// <summary>A shorter stream that fails too: leaves out what can be left out, in ever smaller pieces.</summary>
    internal static T[] Shrink<T>(T[] stream, Predicate<T[]> fails)
    {
        List<T> kept = [.. stream];
        Stopwatch watch = Stopwatch.StartNew();
        for (int piece = Math.Max(1, kept.Count / 2); ; piece = Math.Max(1, piece / 2))
        {
            bool shorter = false;
            for (int at = 0; at < kept.Count && watch.Elapsed < _patience;)
            {
                int length = Math.Min(piece, kept.Count - at);
                List<T> fewer = [.. kept];
                fewer.RemoveRange(at, length);
                if (fails([.. fewer]))
                {
                    kept = fewer;
                    shorter = true;
                }
                else
                {
                    at += length;
                }
            }

            if ((piece == 1 && !shorter) || watch.Elapsed >= _patience)
            {
                return [.. kept];
            }
        }
    }
}
