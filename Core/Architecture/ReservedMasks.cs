// Architecture: the reserved bits of one mode in one control state.
using System.Runtime.InteropServices;

namespace Mmu.Architecture;

/// <summary>Reserved bits by level, filled by generated code when control state changes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ReservedMasks
{
    /// <summary>Reserved in every entry that carries rights, whatever its level and kind.</summary>
    internal ulong Common;

    /// <summary>Reserved in entries that name tables, by level.</summary>
    internal LevelMasks Table;

    /// <summary>Reserved in entries that map pages, by level.</summary>
    internal LevelMasks Leaf;
}
