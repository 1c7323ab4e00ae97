// Memory: the atomic operations and fences that the folders above need.
// UNSAFETY: takes references to words that other threads, or CPUs, change at the same time; a reference into an arena is as good as one
// into an object.
using System.Runtime.CompilerServices;
using System.Threading;

namespace Mmu.Memory;

/// <summary>Atomic operations on words; all but the two plain accesses are full fences.</summary>
internal static class HostAtomics
{
    /// <summary>Orders all accesses before it against all after it, stores before loads too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Fence() => Interlocked.MemoryBarrier();

    /// <summary>
    /// As a <see cref="Fence"/> on every thread of the process: who pairs with it needs plain stores and loads only. Microseconds; for the
    /// host's rare requests.
    /// </summary>
    internal static void ProcessWideFence() => Interlocked.MemoryBarrierProcessWide();

    /// <summary>Loads; nothing after it is done before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int ReadAcquire(ref readonly int word) => Volatile.Read(in word);

    /// <inheritdoc cref="ReadAcquire(ref readonly int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint ReadAcquire(ref readonly uint word) => Volatile.Read(in word);

    /// <inheritdoc cref="ReadAcquire(ref readonly int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong ReadAcquire(ref readonly ulong word) => Volatile.Read(in word);

    /// <summary>Stores; nothing before it is done after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteRelease(ref int word, int value) => Volatile.Write(ref word, value);

    /// <inheritdoc cref="WriteRelease(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteRelease(ref uint word, uint value) => Volatile.Write(ref word, value);

    /// <inheritdoc cref="WriteRelease(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteRelease(ref ulong word, ulong value) => Volatile.Write(ref word, value);

    /// <summary>Sets bits and returns what was there before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Or(ref int word, int bits) => Interlocked.Or(ref word, bits);

    /// <inheritdoc cref="Or(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Or(ref uint word, uint bits) => Interlocked.Or(ref word, bits);

    /// <inheritdoc cref="Or(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Or(ref ulong word, ulong bits) => Interlocked.Or(ref word, bits);

    /// <summary>Keeps the bits of the mask and returns what was there before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int And(ref int word, int mask) => Interlocked.And(ref word, mask);

    /// <inheritdoc cref="And(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint And(ref uint word, uint mask) => Interlocked.And(ref word, mask);

    /// <inheritdoc cref="And(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong And(ref ulong word, ulong mask) => Interlocked.And(ref word, mask);

    /// <summary>Stores and returns what was there before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Exchange(ref int word, int value) => Interlocked.Exchange(ref word, value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Exchange(ref uint word, uint value) => Interlocked.Exchange(ref word, value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Exchange(ref ulong word, ulong value) => Interlocked.Exchange(ref word, value);

    /// <summary>Stores if the word holds what is expected; returns what was there before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int CompareExchange(ref int word, int value, int expected) => Interlocked.CompareExchange(ref word, value, expected);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint CompareExchange(ref uint word, uint value, uint expected) =>
        Interlocked.CompareExchange(ref word, value, expected);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong CompareExchange(ref ulong word, ulong value, ulong expected) =>
        Interlocked.CompareExchange(ref word, value, expected);

    /// <summary>Adds, wrapping, and returns the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Add(ref int word, int value) => Interlocked.Add(ref word, value);

    /// <inheritdoc cref="Add(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Add(ref uint word, uint value) => Interlocked.Add(ref word, value);

    /// <inheritdoc cref="Add(ref int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Add(ref ulong word, ulong value) => Interlocked.Add(ref word, value);
}
