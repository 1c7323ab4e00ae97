// Memory: an array outside the managed heap.
// UNSAFETY: addresses elements in a block of a PrivateArena by index; the index is asserted, and bounded by construction at each use.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>Elements in a block of a <see cref="PrivateArena"/>. The default value is an empty array.</summary>
/// <remarks>A reference to an element is for the method that asks for it; ADR 0006 says why that is as safe as a window.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct ArenaArray<T>
    where T : unmanaged
{
    private readonly T* _start;
    private readonly ulong _length;

    internal ArenaArray(nuint start, ulong length)
    {
        _start = (T*)start;
        _length = length;
    }

    /// <summary>How many elements there are.</summary>
    internal ulong Length => _length;

    /// <summary>True if there is none.</summary>
    internal bool IsEmpty => _length == 0;

    /// <summary>The size of all elements in bytes.</summary>
    internal ulong Bytes => _length * (ulong)sizeof(T);

    /// <summary>Where the first element lies.</summary>
    internal nuint Start => (nuint)_start;

    /// <summary>An element. Asserted to exist, not checked: indexes that a guest chooses are bounded by the caller.</summary>
    internal ref T this[ulong index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            MmuAssert.That(index < _length, "Index past the end of an arena's array", index);
            return ref _start[index];
        }
    }

    /// <summary>The elements from one on, which exists: where it lies is computed before an index into them is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ArenaArray<T> From(ulong start)
    {
        MmuAssert.That(start < _length, "Index past the end of an arena's array", start);
        return new ArenaArray<T>((nuint)(_start + start), _length - start);
    }

    /// <summary>Some of the elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<T> Slice(ulong start, int count)
    {
        MmuAssert.That(count >= 0 && start <= _length && (ulong)count <= _length - start, "Slice past the end of an arena's array", start);
        return new Span<T>(_start + start, count);
    }
}
