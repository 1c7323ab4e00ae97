// Architecture: memory types.
namespace Mmu.Architecture;

/// <summary>A memory type, with the encoding of PAT entries and EPT leaves. Intel SDM "Memory Types".</summary>
public enum MemoryType
{
    /// <summary>UC: uncacheable.</summary>
    Uncacheable = 0,

    /// <summary>WC: write combining.</summary>
    WriteCombining = 1,

    /// <summary>WT: write through.</summary>
    WriteThrough = 4,

    /// <summary>WP: write protected.</summary>
    WriteProtected = 5,

    /// <summary>WB: write back.</summary>
    WriteBack = 6,

    /// <summary>UC−: uncacheable unless an MTRR says write combining.</summary>
    UncacheableMinus = 7,
}
