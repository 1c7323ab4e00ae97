// Memory: slab items taken before a lock, so that nothing under it can fail for memory.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>Items of one <see cref="Slab{T}"/>, zeroed, that one owner holds in reserve. Belongs to one thread at a time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SlabCache
{
    /// <summary>How many items it can hold.</summary>
    internal const int Capacity = IndexBuffer.Capacity;

    private int _count;
    private IndexBuffer _items;

    /// <summary>How many items it holds.</summary>
    internal readonly int Count => _count;

    /// <summary>Takes an item; there must be one (<see cref="Slab{T}.TopUp"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint Pop()
    {
        MmuAssert.That(_count > 0, "Item taken from an empty cache: it was not topped up for this path");
        return _items[--_count];
    }

    /// <summary>Adds an item; there must be room.</summary>
    internal void Push(uint item) => _items[_count++] = item;

    /// <summary>The item at a position, which stays in the cache.</summary>
    internal readonly uint PeekAt(int position) => _items[position];
}
