// Memory: table pages taken before a lock, so that nothing under it can fail for memory.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>
/// Pages of a <see cref="TableArena"/>, filled with its empty entry, that one owner holds in reserve. Belongs to one thread at a time.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PageCache
{
    /// <summary>How many pages it can hold.</summary>
    internal const int Capacity = IndexBuffer.Capacity;

    private int _count;
    private IndexBuffer _pages;

    /// <summary>How many pages it holds.</summary>
    internal readonly int Count => _count;

    /// <summary>Takes a page; there must be one (<see cref="TableArena.TopUp"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PageHandle Pop()
    {
        MmuAssert.That(_count > 0, "Page taken from an empty cache: it was not topped up for this path");
        return new PageHandle(_pages[--_count]);
    }

    /// <summary>Adds a page; there must be room.</summary>
    internal void Push(PageHandle page) => _pages[_count++] = page.Index;

    /// <summary>The page at a position, which stays in the cache.</summary>
    internal readonly PageHandle PeekAt(int position) => new(_pages[position]);
}
