// Judge: a second thread, for what a thread with a vCPU in guest must not ask of the library.
using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace Mmu.Tests.Judge;

/// <summary>Runs one action at a time while the caller waits: two threads, but never at the same time.</summary>
internal sealed class HostThread : IDisposable
{
    private readonly SemaphoreSlim _asked = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private Action? _action;
    private Exception? _failure;

    internal HostThread()
    {
        _thread = new Thread(Loop) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Runs an action.</summary>
    /// <param name="action">The action.</param>
    /// <param name="meanwhile">What the caller does while it waits, over and over: where the action waits for the caller.</param>
    internal void Run(Action action, Action? meanwhile = null)
    {
        _action = action;
        _failure = null;
        _asked.Release();
        SpinWait spin = default;
        while (!_done.Wait(meanwhile is null ? Timeout.Infinite : 0))
        {
            meanwhile?.Invoke();
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (_failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose()
    {
        _action = null;
        _asked.Release();
        _thread.Join();
        _asked.Dispose();
        _done.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _asked.Wait();
            if (_action is not { } action)
            {
                return;
            }

            try
            {
                action();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _failure = e;
            }

            _done.Release();
        }
    }
}
