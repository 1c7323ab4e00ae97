// Vmm: what happened on the shadow tables during a replay.
using Mmu.Common;

namespace Mmu.Vmm.Replay;

/// <summary>Counts of a replay on the Shadow MMU.</summary>
internal sealed class ShadowCounts
{
    private const int Outcomes = (int)FaultOutcome.VmDead + 1;

    /// <summary>Faults of accesses, by outcome.</summary>
    public ulong[] Accesses { get; } = new ulong[Outcomes];

    /// <summary>Faults of stores, by outcome.</summary>
    public ulong[] Stores { get; } = new ulong[Outcomes];

    /// <summary>Accesses that our tables allowed without a fault.</summary>
    public ulong AccessHits { get; set; }

    /// <summary>Those whose marks in the guest's tables were clear.</summary>
    public LateMarks Late { get; } = new();

    /// <summary>Stores that our tables allowed.</summary>
    public ulong PlainStores { get; set; }

    /// <summary>Stores through a translation that only the recorded CPU's TLB still had.</summary>
    public ulong CachedStores { get; set; }

    /// <summary>Stores for which a table stopped being shadowed.</summary>
    public ulong Unprotected { get; set; }

    /// <summary>Flushes of the processor's TLB.</summary>
    public ulong Flushes { get; set; }
}
