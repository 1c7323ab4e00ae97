// Perf: the VMM's side of a VM that no processor runs.
using System;
using Mmu.Common;

namespace Mmu.Perf.Shadow;

/// <summary>Has no TLB to empty and nobody to kick.</summary>
internal sealed class QuietHost : IMmuHost
{
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range) => true;

    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }
}
