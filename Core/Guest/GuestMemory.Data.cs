// Guest: guest data by guest physical address.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Mmu.Addressing;

namespace Mmu.Guest;

public sealed partial class GuestMemory
{
    /// <summary>The pointer to a guest physical address in this process; false if no slot holds it.</summary>
    /// <param name="gpa">The address.</param>
    /// <param name="hostAddress">The pointer, valid up to the end of its page at least; 0 on failure.</param>
    /// <returns>True if a slot holds the address.</returns>
    public bool TryGetHostAddress(Gpa gpa, out nuint hostAddress)
    {
        bool found = _table.TryFind(gpa.Value, out GuestWindow window);
        hostAddress = found ? window.HostOf(gpa.Value) : 0;
        return found;
    }

    /// <summary>Reads guest memory. Nothing is copied unless all of it lies in slots.</summary>
    /// <param name="gpa">First address.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <returns>False if a byte lies outside every slot.</returns>
    public bool TryRead(Gpa gpa, Span<byte> destination)
    {
        SlotTable table = _table;
        if (!Covers(table, gpa.Value, destination.Length, forWrite: false))
        {
            return false;
        }

        ulong at = gpa.Value;
        while (!destination.IsEmpty)
        {
            _ = table.TryFind(at, out GuestWindow window);
            int bytes = (int)Math.Min((ulong)destination.Length, window.BytesFrom(at));
            GuestWindow.Read(window.HostOf(at), destination[..bytes]);
            destination = destination[bytes..];
            at += (ulong)bytes;
        }

        return true;
    }

    /// <summary>Writes guest memory. Nothing is written unless all of it lies in writable slots.</summary>
    /// <param name="gpa">First address.</param>
    /// <param name="source">The bytes.</param>
    /// <returns>False if a byte lies outside every writable slot.</returns>
    public bool TryWrite(Gpa gpa, ReadOnlySpan<byte> source)
    {
        SlotTable table = _table;
        if (!Covers(table, gpa.Value, source.Length, forWrite: true))
        {
            return false;
        }

        ulong at = gpa.Value;
        while (!source.IsEmpty)
        {
            _ = table.TryFind(at, out GuestWindow window);
            int bytes = (int)Math.Min((ulong)source.Length, window.BytesFrom(at));
            GuestWindow.Write(window.HostOf(at), source[..bytes]);
            source = source[bytes..];
            at += (ulong)bytes;
        }

        return true;
    }

    /// <summary>
    /// Compares and exchanges a value of 1, 2, 4 or 8 bytes at any alignment. Nothing is written unless all of it lies in writable slots.
    /// </summary>
    /// <remarks>
    /// One locked operation, unless the value crosses from one slot into another that is not adjacent in this process: then it is compared
    /// as a whole and written in two parts, and other processors may come between.
    /// </remarks>
    /// <typeparam name="T">An unsigned integer of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="gpa">Its first address.</param>
    /// <param name="expected">The value that must be there.</param>
    /// <param name="value">The value to put there.</param>
    /// <param name="exchanged">True if it was exchanged.</param>
    /// <returns>False if a byte lies outside every writable slot.</returns>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> has another size.</exception>
    public bool TryCompareExchange<T>(Gpa gpa, T expected, T value, out bool exchanged)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        DataExchange.RefuseSize<T>();
        exchanged = false;
        SlotTable table = _table;
        if (!Covers(table, gpa.Value, Unsafe.SizeOf<T>(), forWrite: true))
        {
            return false;
        }

        _ = table.TryFind(gpa.Value, out GuestWindow window);
        int firstBytes = (int)Math.Min((ulong)Unsafe.SizeOf<T>(), window.BytesFrom(gpa.Value));
        nuint host = window.HostOf(gpa.Value);
        nuint rest = host + (nuint)firstBytes;
        if (firstBytes != Unsafe.SizeOf<T>())
        {
            ulong next = gpa.Value + (ulong)firstBytes;
            _ = table.TryFind(next, out window);
            rest = window.HostOf(next);
        }

        exchanged = DataExchange.TryExchange(host, firstBytes, rest, expected, value);
        return true;
    }

    private static bool Covers(SlotTable table, ulong gpa, int length, bool forWrite)
    {
        ulong left = (ulong)length;
        while (left != 0)
        {
            if (!table.TryFind(gpa, out GuestWindow window) || (forWrite && window.IsReadOnly))
            {
                return false;
            }

            // Slots end at 2^52 at most: an address that would wrap is outside first.
            ulong bytes = Math.Min(left, window.BytesFrom(gpa));
            left -= bytes;
            gpa += bytes;
        }

        return true;
    }
}
