// Vmm.Run: which tables changed from outside.
namespace Mmu.Vmm.Run.Processors;

/// <summary>Whose tables changed.</summary>
internal enum FlushRegion
{
    /// <summary>Ours: the copies of roots and the arena.</summary>
    Tables,

    /// <summary>The guests' own, both copies.</summary>
    Guests,
}
