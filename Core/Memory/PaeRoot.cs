// Memory: the name of a block of four PAE root entries.
namespace Mmu.Memory;

/// <summary>Four root entries of 8 bytes below 4 GiB, 32-byte aligned, of a <see cref="TableArena"/>.</summary>
/// <param name="Block">Distance from the arena's first byte in units of 32 bytes; 0 for none.</param>
internal readonly record struct PaeRoot(uint Block)
{
    /// <summary>No root.</summary>
    internal static PaeRoot None => default;

    /// <summary>True if this names no root.</summary>
    internal bool IsNone => Block == 0;
}
