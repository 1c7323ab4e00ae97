// Walk: what a fast walk has already read when it finds something unusual.
using System.Runtime.InteropServices;

namespace Mmu.Walk;

/// <summary>The entries that a fast walk read before it gave up: they are decoded, never read again.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EntrySnapshot
{
    /// <summary>Entry of level 1.</summary>
    internal ulong Entry1;

    /// <summary>Entry of level 2.</summary>
    internal ulong Entry2;

    /// <summary>Entry of level 3.</summary>
    internal ulong Entry3;

    /// <summary>Entry of level 4.</summary>
    internal ulong Entry4;

    /// <summary>Entry of level 5.</summary>
    internal ulong Entry5;

    /// <summary>The lowest level that was read; above the root's if none was.</summary>
    internal int Lowest;

    /// <summary>The snapshot of a walk that has read nothing.</summary>
    internal static EntrySnapshot Empty => new() { Lowest = 6 };

    /// <summary>The entry read at <paramref name="level"/>.</summary>
    internal readonly ulong At(int level) => level switch
    {
        1 => Entry1,
        2 => Entry2,
        3 => Entry3,
        4 => Entry4,
        _ => Entry5,
    };
}
