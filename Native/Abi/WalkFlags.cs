// Abi: what is true of a walk.
using System;

namespace Mmu.Native.Abi;

/// <summary>What is true of a walk.</summary>
[Flags]
internal enum WalkFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The translation is global: it outlives a CR3 write.</summary>
    Global = 1 << 0,

    /// <summary>The second dimension of a nested walk refused.</summary>
    SecondDimension = 1 << 1,

    /// <summary>It refused the access itself, not one to a guest table.</summary>
    FinalAccess = 1 << 2,
}
