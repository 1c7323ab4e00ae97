// Vmm: what happened on the software TLB during a replay.
using Mmu.Walk;

namespace Mmu.Vmm.Replay;

/// <summary>Counts of a replay on the software TLB.</summary>
internal sealed class SoftTlbCounts
{
    private const int Outcomes = (int)SoftTlbOutcome.Retry + 1;

    /// <summary>Accesses that the TLB served.</summary>
    public ulong AccessHits { get; set; }

    /// <summary>Stores that the TLB served.</summary>
    public ulong StoreHits { get; set; }

    /// <summary>Accesses that it did not serve, by how they were resolved.</summary>
    public ulong[] Accesses { get; } = new ulong[Outcomes];

    /// <summary>Likewise stores.</summary>
    public ulong[] Stores { get; } = new ulong[Outcomes];

    /// <summary>Stores through a translation that only the recorded CPU's TLB still had.</summary>
    public ulong CachedStores { get; set; }

    /// <summary>Hits whose marks in the guest's tables were clear.</summary>
    public LateMarks Late { get; } = new();
}
