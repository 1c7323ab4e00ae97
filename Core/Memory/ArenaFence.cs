// Memory: whether arenas put unmapped pages around what they hand out.
#if MMU_ASSERT
using System;
#endif

namespace Mmu.Memory;

/// <summary>The switch for guard pages: MMU_ARENA=fence in the environment, under MMU_ASSERT only.</summary>
internal static class ArenaFence
{
#if MMU_ASSERT
    /// <summary>True if arenas that are not told otherwise have guard pages.</summary>
    internal static bool IsOn { get; } = string.Equals(Environment.GetEnvironmentVariable("MMU_ARENA"), "fence", StringComparison.Ordinal);
#else
    /// <summary>True if arenas that are not told otherwise have guard pages.</summary>
    internal static bool IsOn => false;
#endif
}
