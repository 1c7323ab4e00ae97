// Common: Debug's check that no callback calls back.
using System;
using System.Diagnostics;
using Mmu.Addressing;

namespace Mmu.Common;

/// <summary>A VMM's callbacks under MMU_ASSERT: notes on which thread one runs.</summary>
internal sealed class GuardedHost : IMmuHost
{
    [ThreadStatic]
    private static GuardedHost? _running;

    private readonly IMmuHost _host;

    internal GuardedHost(IMmuHost host) => _host = host;

    /// <summary>Throws if the calling thread is inside a callback of the VM that has this host.</summary>
    [Conditional("MMU_ASSERT")]
    internal static void RefuseCallback(IMmuHost host)
    {
        if (_running is { } running && running == host)
        {
            throw new InvalidOperationException("An IMmuHost callback called back into the VM it came from.");
        }
    }

    /// <inheritdoc/>
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        GuardedHost? outer = Enter();
        try
        {
            return _host.Flush(vcpus, range);
        }
        finally
        {
            _running = outer;
        }
    }

    /// <inheritdoc/>
    public void Kick(ReadOnlySpan<int> vcpus)
    {
        GuardedHost? outer = Enter();
        try
        {
            _host.Kick(vcpus);
        }
        finally
        {
            _running = outer;
        }
    }

    /// <inheritdoc/>
    public ResolvedFrame Resolve(Gfn gfn, bool write)
    {
        GuardedHost? outer = Enter();
        try
        {
            return _host.Resolve(gfn, write);
        }
        finally
        {
            _running = outer;
        }
    }

    private GuardedHost? Enter()
    {
        GuardedHost? outer = _running;
        _running = this;
        return outer;
    }
}
