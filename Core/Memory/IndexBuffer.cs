// Memory: the room of a cache.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mmu.Memory;

/// <summary>Room for the indexes that a cache holds.</summary>
[InlineArray(Capacity)]
[StructLayout(LayoutKind.Sequential)]
internal struct IndexBuffer
{
    /// <summary>What one fault can need at most: tables of five levels and what hangs on them, for a prefetch window of 8.</summary>
    internal const int Capacity = 40;

    private uint _first;
}
