// Shadow: the roots of a vCPU, the one used last first.
using System;
using System.Runtime.CompilerServices;

namespace Mmu.Shadow;

/// <summary>The current root, then those used before it, the last one first.</summary>
/// <remarks>Owner: the vCPU's thread. What changes with a switch is one number, not references: those the garbage collector wants to see.</remarks>
internal sealed class RootSet
{
    private const int BitsPerPlace = 4;
    private const uint Place = (1u << BitsPerPlace) - 1;

    private readonly RootEntry[] _entries = [new(), new(), new(), new()];

    // By place in the order, four bits each: the index of the entry.
    private uint _order = 0x3210;

    /// <summary>How many roots there are.</summary>
    internal int Length => _entries.Length;

    /// <summary>All of them, in no order.</summary>
    internal ReadOnlySpan<RootEntry> Any => _entries;

    /// <summary>The root at a place in the order; the current one is the first.</summary>
    internal RootEntry this[int place]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _entries[(int)((_order >> (BitsPerPlace * place)) & Place)];
    }

    /// <summary>Makes the root at a place the current one; those before it move back by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MakeCurrent(int place)
    {
        uint before = (1u << (BitsPerPlace * place)) - 1;
        uint through = (before << BitsPerPlace) | Place;
        uint chosen = (_order >> (BitsPerPlace * place)) & Place;
        _order = (_order & ~through) | ((_order & before) << BitsPerPlace) | chosen;
    }
}
