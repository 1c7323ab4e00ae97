// Guest: the one place where guest memory is touched through pointers.
// UNSAFETY: guest memory belongs to the host process and is named by an address; every access here is preceded by a bounds check of the
// caller against this window.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Mmu.Guest;

/// <summary>A slot as the walker sees it: bounds, and what to add to a guest physical address to get a pointer.</summary>
internal readonly unsafe partial struct GuestWindow
{
    private readonly nuint _bias;
    private readonly ulong _base;
    private readonly ulong _length;
    private readonly bool _readOnly;

    internal GuestWindow(in MemorySlot slot)
    {
        _bias = slot.HostAddress - (nuint)slot.Base.Value;
        _base = slot.Base.Value;
        _length = slot.Size;
        _readOnly = (slot.Flags & SlotFlags.ReadOnly) != 0;
    }

    /// <summary>First guest physical address.</summary>
    internal ulong Base => _base;

    /// <summary>Size in bytes; 0 for a window that holds nothing.</summary>
    internal ulong Length => _length;

    /// <summary>True if the guest cannot write.</summary>
    internal bool IsReadOnly => _readOnly;

    /// <summary>True if the byte at <paramref name="gpa"/> is inside; with it, as slots are whole pages, its whole page is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Holds(ulong gpa) => gpa - _base < _length;

    /// <summary>Bytes from <paramref name="gpa"/>, which is inside, to the window's end.</summary>
    internal ulong BytesFrom(ulong gpa) => _length - (gpa - _base);

    /// <summary>The pointer to <paramref name="gpa"/>, which is inside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nuint HostOf(ulong gpa) => _bias + (nuint)gpa;

    /// <summary>
    /// Start of the row of entries at byte offset <paramref name="offset"/> of every table: computed before the table's address is known,
    /// so that only one addition stands between an entry and the load of the next.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nuint Row(ulong offset) => _bias + (nuint)offset;

    /// <summary>
    /// Loads the 8-byte entry of a row from the table at <paramref name="table"/>, which is inside. One load, never repeated.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Load64(nuint row, ulong table)
    {
        LoadCount.Add();
        return Volatile.Read(ref *(ulong*)(row + (nuint)table));
    }

    /// <summary>
    /// Loads the 4-byte entry of a row from the table at <paramref name="table"/>, which is inside. One load, never repeated.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Load32(nuint row, ulong table)
    {
        LoadCount.Add();
        return Volatile.Read(ref *(uint*)(row + (nuint)table));
    }

    /// <summary>Memory that may change while it is looked at; all of it is inside.</summary>
    internal ReadOnlySpan<byte> Bytes(ulong gpa, int count) => new((void*)HostOf(gpa), count);

    /// <summary>
    /// Replaces the 8-byte entry at <paramref name="gpa"/>, which is inside and aligned, if it still holds <paramref name="expected"/>.
    /// </summary>
    internal bool TryExchange64(ulong gpa, ulong expected, ulong value) =>
        Interlocked.CompareExchange(ref *(ulong*)HostOf(gpa), value, expected) == expected;

    /// <summary>
    /// Replaces the 4-byte entry at <paramref name="gpa"/>, which is inside and aligned, if it still holds <paramref name="expected"/>.
    /// </summary>
    internal bool TryExchange32(ulong gpa, ulong expected, ulong value) =>
        Interlocked.CompareExchange(ref *(uint*)HostOf(gpa), (uint)value, (uint)expected) == (uint)expected;

    /// <summary>Copies guest memory that lies at <paramref name="host"/>, all of it inside one window.</summary>
    internal static void Read(nuint host, Span<byte> destination) => new ReadOnlySpan<byte>((void*)host, destination.Length).CopyTo(destination);

    /// <summary>Copies into guest memory that lies at <paramref name="host"/>, all of it inside one window.</summary>
    internal static void Write(nuint host, ReadOnlySpan<byte> source) => source.CopyTo(new Span<byte>((void*)host, source.Length));

    /// <summary>
    /// Replaces a value of 1, 2, 4 or 8 bytes at <paramref name="host"/>, all of it inside windows, if it is still the expected one: one
    /// locked operation.
    /// </summary>
    internal static bool TryExchange<T>(nuint host, T expected, T value)
        where T : unmanaged, IBinaryInteger<T> =>
        Interlocked.CompareExchange(ref *(T*)host, value, expected) == expected;
}
