// Memory: the name of a table page.
namespace Mmu.Memory;

/// <summary>A page of a <see cref="TableArena"/>. Four bytes; what it names is checked by the arena under MMU_ASSERT.</summary>
/// <param name="Index">The page's number in its arena; 0 for none.</param>
internal readonly record struct PageHandle(uint Index)
{
    /// <summary>No page.</summary>
    internal static PageHandle None => default;

    /// <summary>True if this names no page.</summary>
    internal bool IsNone => Index == 0;
}
