// Walk: guest data by linear address, across page borders.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

public sealed partial class GuestWalker
{
    // Where the pages of the access under way lie; grows to the largest access ever made.
    private DataPiece[] _pieces = new DataPiece[16];

    /// <summary>Reads guest memory as the guest would. Every page is translated, once, before a byte is copied.</summary>
    /// <remarks>
    /// An access that runs over the end of the address space (2^64, outside long mode 2^32) or into the non-canonical hole ends in
    /// <see cref="WalkOutcome.NonCanonical"/>. Where a later page refuses, accessed and dirty bits of the pages before it stay set.
    /// </remarks>
    /// <param name="gva">First linear address.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="result">
    /// On success the translation of the last page, nothing for no bytes. On failure the fault of the first page that refused, or its
    /// translation with a
    /// <see cref="WalkResult.HostAddress"/> of 0 if it lies outside every slot.
    /// </param>
    /// <param name="flags">How the access is made.</param>
    /// <returns>True if all bytes were read.</returns>
    public bool TryRead(Gva gva, Span<byte> destination, out WalkResult result, AccessFlags flags = AccessFlags.None)
    {
        int count = Locate(gva.Value, destination.Length, new Access(AccessKind.Read, flags), out result);
        foreach (DataPiece piece in _pieces.AsSpan(0, Math.Max(count, 0)))
        {
            GuestWindow.Read(piece.Host, destination[..piece.Bytes]);
            destination = destination[piece.Bytes..];
        }

        return count >= 0;
    }

    /// <summary>
    /// Writes guest memory as the guest would, dirty bits included. Every page is translated, once, before a byte is written.
    /// </summary>
    /// <remarks>As for <see cref="TryRead"/>.</remarks>
    /// <param name="gva">First linear address.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="result">As for <see cref="TryRead"/>; a page in a read-only slot refuses like one outside every slot.</param>
    /// <param name="flags">How the access is made.</param>
    /// <returns>True if all bytes were written.</returns>
    public bool TryWrite(Gva gva, ReadOnlySpan<byte> source, out WalkResult result, AccessFlags flags = AccessFlags.None)
    {
        int count = Locate(gva.Value, source.Length, new Access(AccessKind.Write, flags), out result);
        foreach (DataPiece piece in _pieces.AsSpan(0, Math.Max(count, 0)))
        {
            GuestWindow.Write(piece.Host, source[..piece.Bytes]);
            source = source[piece.Bytes..];
            _view.Table.Records?.Wrote(piece.Gpa, (ulong)piece.Bytes);
        }

        return count >= 0;
    }

    /// <summary>
    /// Compares and exchanges a value of 1, 2, 4 or 8 bytes at any alignment, as a locked instruction of the guest would.
    /// </summary>
    /// <remarks>
    /// One locked operation, unless the value crosses a border between pages that are not adjacent in this process: then it is compared as
    /// a whole and written in two parts, and other processors may come between. Both pages are translated, as writes, before anything is
    /// compared. Also as for
    /// <see cref="TryRead"/>.
    /// </remarks>
    /// <typeparam name="T">An unsigned integer of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="gva">Its first linear address.</param>
    /// <param name="expected">The value that must be there.</param>
    /// <param name="value">The value to put there.</param>
    /// <param name="exchanged">True if it was exchanged.</param>
    /// <param name="result">As for <see cref="TryWrite"/>.</param>
    /// <param name="flags">How the access is made.</param>
    /// <returns>False if the access was refused.</returns>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> has another size.</exception>
    public bool TryCompareExchange<T>(Gva gva, T expected, T value, out bool exchanged, out WalkResult result, AccessFlags flags = AccessFlags.None)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        DataExchange.RefuseSize<T>();
        int count = Locate(gva.Value, Unsafe.SizeOf<T>(), new Access(AccessKind.Write, flags), out result);
        if (count < 0)
        {
            exchanged = false;
            return false;
        }

        DataPiece first = _pieces[0];
        nuint rest = count == 1 ? first.Host + (nuint)first.Bytes : _pieces[1].Host;
        exchanged = DataExchange.TryExchange(first.Host, first.Bytes, rest, expected, value);
        foreach (DataPiece piece in _pieces.AsSpan(0, exchanged ? count : 0))
        {
            _view.Table.Records?.Wrote(piece.Gpa, (ulong)piece.Bytes);
        }

        return true;
    }

    /// <summary>Translates every page of an access and notes where it lies; −1 if one refuses. All of it against the same slots.</summary>
    private unsafe int Locate(ulong gva, int length, Access access, out WalkResult result)
    {
        result = default;
        ulong end = _context.Code.IsCanonical ? ulong.MaxValue : uint.MaxValue;
#if MMU_FAULT_30
        if (length != 0 && gva > end)
#else
        if (length != 0 && (ulong)(length - 1) > end - (gva & end))
#endif
        {
            _ = WalkFaults.RaiseBeforeTables(_context, FaultCause.NonCanonical, 0, gva & end, access.Bits, ref result);
            return -1;
        }

        _view.Refresh(_memory.Table);
        int count = 0;
        while (length > 0)
        {
            if (_walk(_context, ref _view, gva, access.Bits, ref result) == WalkLimits.NoAddress || !IsBacked(access, ref result, out GuestWindow window))
            {
                return -1;
            }

            ulong inPage = result.PageBytes - (gva & (result.PageBytes - 1));
            int bytes = (int)Math.Min((ulong)length, Math.Min(inPage, window.BytesFrom(result.GpaValue)));
            Note(count++, new DataPiece(window.HostOf(result.GpaValue), bytes, result.GpaValue));
            gva += (ulong)bytes;
            length -= bytes;
        }

        return count;
    }

    private bool IsBacked(Access access, ref WalkResult result, out GuestWindow window)
    {
        if (_view.Table.TryFind(result.GpaValue, out window) && !(window.IsReadOnly && access.Kind == AccessKind.Write))
        {
            return true;
        }

        result.HostValue = 0;
        return false;
    }

    private void Note(int index, DataPiece piece)
    {
        if (index == _pieces.Length)
        {
            Array.Resize(ref _pieces, 2 * index);
        }

        _pieces[index] = piece;
    }
}
