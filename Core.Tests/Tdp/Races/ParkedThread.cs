// TDP races: a thread that stops between two steps of a change until it is told to go on.
using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Mmu.Diagnostics;
using Xunit;

namespace Mmu.Tests.Tdp.Races;

internal sealed class ParkedThread : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly ManualResetEventSlim _parked = new();
    private readonly ManualResetEventSlim _go = new();
    private readonly Thread _thread;
    private Exception? _failure;

    /// <summary>Starts a thread.</summary>
    /// <param name="action">What it does.</param>
    /// <param name="at">Where it stops; null for nowhere.</param>
    /// <param name="nth">At which of the times that it comes there, the first being 1.</param>
    internal ParkedThread(Action action, SchedulePointKind? at = null, int nth = 1)
    {
        _thread = new Thread(() => Run(action, at, nth)) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>True if it came to its point; false if it is done without having.</summary>
    internal bool HasParked { get; private set; }

    /// <summary>True if it is done.</summary>
    internal bool IsDone => !_thread.IsAlive;

    /// <summary>Points exist in builds with asserts only; elsewhere these tests are skipped, and say so.</summary>
    internal static void RequirePoints()
    {
#if !MMU_ASSERT
        Assert.Skip("Schedule points exist in Debug only.");
#endif
    }

    /// <summary>Waits until it has come to its point, or is done without.</summary>
    internal ParkedThread WaitUntilParked()
    {
        Assert.True(_parked.Wait(_patience), "The thread neither came to its point nor ended.");
        return this;
    }

    /// <summary>Waits for its end, having told it to go on. What it threw is thrown here.</summary>
    internal void Finish()
    {
        _go.Set();
        Assert.True(_thread.Join(_patience), "The thread does not end.");
        if (_failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Runs an action on a thread of its own to its end, while others are parked.</summary>
    internal static void RunToEnd(Action action)
    {
        using ParkedThread thread = new(action);
        thread.Finish();
    }

    public void Dispose()
    {
        _go.Set();
        _ = _thread.Join(_patience);
        _parked.Dispose();
        _go.Dispose();
    }

    private void Run(Action action, SchedulePointKind? at, int nth)
    {
        int left = nth;
        SchedulePoint.Hook = kind =>
        {
            if (kind == at && --left == 0)
            {
                HasParked = true;
                _parked.Set();
                _go.Wait();
            }
        };
        try
        {
            action();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _failure = e;
        }

        _parked.Set();
    }
}
