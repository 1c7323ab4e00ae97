// A VMM's side for tests: records what it is asked, and answers as the test wants.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Common;

namespace Mmu.Tests.Common;

internal sealed class TestHost : IMmuHost
{
    /// <summary>What was flushed and kicked, in order: <c>flush 0,1 All</c>, <c>kick 0</c>; engines of tests add their calls.</summary>
    internal List<string> Log { get; } = [];

    internal bool Logs { get; set; } = true;

    internal Func<int[], FlushRange, bool>? OnFlush { get; set; }

    internal Action<int[]>? OnKick { get; set; }

    internal Func<Gfn, bool, ResolvedFrame>? OnResolve { get; set; }

    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        if (Logs)
        {
            Log.Add($"flush {string.Join(',', vcpus.ToArray())} {range.Scope}{(range.Scope == FlushScope.Page ? $" 0x{range.Address.Value:x}" : "")}");
        }

        return OnFlush is null || OnFlush(vcpus.ToArray(), range);
    }

    public void Kick(ReadOnlySpan<int> vcpus)
    {
        if (Logs)
        {
            Log.Add($"kick {string.Join(',', vcpus.ToArray())}");
        }

        OnKick?.Invoke(vcpus.ToArray());
    }

    public ResolvedFrame Resolve(Gfn gfn, bool write) => OnResolve!(gfn, write);

    internal string[] Take()
    {
        string[] log = [.. Log.AsEnumerable()];
        Log.Clear();
        return log;
    }
}
