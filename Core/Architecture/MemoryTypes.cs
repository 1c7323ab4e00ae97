// Architecture: how memory types of two sources combine.
namespace Mmu.Architecture;

/// <summary>
/// How memory types combine. Intel SDM "Selecting Memory Types", "Memory Type Used for Translated Guest-Physical Addresses".
/// </summary>
internal static class MemoryTypes
{
    /// <summary>
    /// The effective type of memory whose outer type (EPT, nested PAT) is <paramref name="outer"/> and that the guest's PAT calls <paramref
    /// name="pat"/>.
    /// </summary>
    internal static MemoryType Combine(MemoryType outer, MemoryType pat)
    {
        switch (pat)
        {
            case MemoryType.Uncacheable:
            case MemoryType.WriteCombining:
                return pat;
            case MemoryType.UncacheableMinus:
#if MMU_FAULT_36
                return MemoryType.Uncacheable;
#else
                return outer is MemoryType.WriteCombining or MemoryType.WriteProtected ? MemoryType.WriteCombining : MemoryType.Uncacheable;
#endif
            case MemoryType.WriteBack:
                return outer == MemoryType.UncacheableMinus ? MemoryType.Uncacheable : outer;
            default:
                // Write-through and write-protected keep their meaning over cacheable memory only.
                return outer is MemoryType.Uncacheable or MemoryType.UncacheableMinus or MemoryType.WriteCombining ? MemoryType.Uncacheable : pat;
        }
    }
}
