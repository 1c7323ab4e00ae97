// Vmm.Run: how long a guest may run.
using System;
using System.Diagnostics;

namespace Mmu.Vmm.Run;

/// <summary>How long a guest may run.</summary>
internal sealed class Budget
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TimeSpan _total;

    internal Budget(TimeSpan total) => _total = total;

    /// <summary>Gets the time since it started.</summary>
    internal TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    /// <summary>What is left of it.</summary>
    /// <param name="how">How the guest runs, for the message.</param>
    /// <exception cref="GuestException">Nothing is.</exception>
    internal TimeSpan Left(string how)
    {
        TimeSpan left = _total - Elapsed;
        if (left <= TimeSpan.Zero)
        {
            Fail(how);
        }

        return left;
    }

    /// <summary>Says that the time is up.</summary>
    internal void Fail(string how) =>
        throw new GuestException($"the guest has not come to its end {how} within {_total.TotalSeconds:0.#} s (--timeout)");
}
