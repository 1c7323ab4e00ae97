// Abi: one entry that a walk read.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Native.Abi;

/// <summary>One entry that a walk read.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiWalkStep
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>MMU_WALK_FLAGS_SECOND_DIMENSION, or 0.</summary>
    internal WalkFlags Flags;

    /// <summary>Level of its table.</summary>
    internal uint Level;

    /// <summary>What the path allows so far.</summary>
    internal Rights Rights;

    /// <summary>Where it lies.</summary>
    internal ulong EntryAddress;

    /// <summary>The entry as it was read.</summary>
    internal ulong Entry;
}
