// Architecture: a mask for each level of a mode.
using System.Runtime.CompilerServices;

namespace Mmu.Architecture;

/// <summary>One mask a level; index 0 is unused.</summary>
[InlineArray(6)]
internal struct LevelMasks
{
    private ulong _first;
}
