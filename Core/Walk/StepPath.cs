// Walk: the entries that a level-by-level walk decoded.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>The entries of one walk, each as it was read once, and where they lie.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StepPath
{
    /// <summary>Entries by level.</summary>
    internal LevelMasks Entries;

    /// <summary>Their addresses by level, in the guest's own physical space.</summary>
    internal LevelMasks Addresses;

    /// <summary>AND of the entries above the leaf that carry rights.</summary>
    internal ulong AllAbove;

    /// <summary>AND of all entries that carry rights.</summary>
    internal ulong All;

    /// <summary>OR of all entries that carry rights.</summary>
    internal ulong Any;

    /// <summary>Level of the leaf.</summary>
    internal int Level;

    /// <summary>The leaf.</summary>
    internal readonly ulong Leaf => Entries[Level];
}
