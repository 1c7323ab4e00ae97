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
    /// <summary>Reads guest memory as the guest would. Every page is translated before a byte is copied.</summary>
    /// <param name="gva">First linear address.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="result">On failure the fault of the first page that refused, or a translation whose <see cref="WalkResult.HostAddress"/> is 0 where a page lies outside every slot.</param>
    /// <param name="flags">How the access is made.</param>
    /// <returns>True if all bytes were read.</returns>
    public bool TryRead(Gva gva, Span<byte> destination, out WalkResult result, AccessFlags flags = AccessFlags.None)
    {
        Access access = new(AccessKind.Read, flags);
        if (!TryTranslateRange(gva, destination.Length, access, out result))
        {
            return false;
        }

        ulong at = gva.Value;
        while (!destination.IsEmpty)
        {
            int bytes = BytesInPage(at, destination.Length);
            if (!TryLocate(at, access, out result, out GuestWindow window))
            {
                return false;
            }

            window.Read(result.GpaValue, destination[..bytes]);
            destination = destination[bytes..];
            at += (ulong)bytes;
        }

        return true;
    }

    /// <summary>Writes guest memory as the guest would, dirty bits included. Every page is translated before a byte is written.</summary>
    /// <param name="gva">First linear address.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="result">As for <see cref="TryRead"/>; a page in a read-only slot refuses like one outside every slot.</param>
    /// <param name="flags">How the access is made.</param>
    /// <returns>True if all bytes were written.</returns>
    public bool TryWrite(Gva gva, ReadOnlySpan<byte> source, out WalkResult result, AccessFlags flags = AccessFlags.None)
    {
        Access access = new(AccessKind.Write, flags);
        if (!TryTranslateRange(gva, source.Length, access, out result))
        {
            return false;
        }

        ulong at = gva.Value;
        while (!source.IsEmpty)
        {
            int bytes = BytesInPage(at, source.Length);
            if (!TryLocate(at, access, out result, out GuestWindow window))
            {
                return false;
            }

            window.Write(result.GpaValue, source[..bytes]);
            source = source[bytes..];
            at += (ulong)bytes;
        }

        return true;
    }

    /// <summary>Compares and exchanges an aligned value of 4 or 8 bytes in guest memory, as one locked access of the guest.</summary>
    /// <typeparam name="T"><see cref="uint"/> or <see cref="ulong"/>.</typeparam>
    /// <param name="gva">Its linear address, a multiple of its size.</param>
    /// <param name="expected">The value that must be there.</param>
    /// <param name="value">The value to put there.</param>
    /// <param name="exchanged">True if it was exchanged.</param>
    /// <param name="result">As for <see cref="TryWrite"/>.</param>
    /// <param name="flags">How the access is made.</param>
    /// <returns>False if the access was refused.</returns>
    /// <exception cref="ArgumentException"><paramref name="gva"/> is not aligned.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> has another size.</exception>
    public bool TryCompareExchange<T>(Gva gva, T expected, T value, out bool exchanged, out WalkResult result, AccessFlags flags = AccessFlags.None)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        int bytes = Unsafe.SizeOf<T>();
        if (bytes is not 4 and not 8)
        {
            throw new NotSupportedException($"A compare-exchange of {bytes} bytes is not supported; 4 and 8 are.");
        }

        if (gva.Value % (ulong)bytes != 0)
        {
            throw new ArgumentException($"{gva} is not a multiple of {bytes}.", nameof(gva));
        }

        exchanged = false;
        Access access = new(AccessKind.Write, flags);
        if (!TryLocate(gva.Value, access, out result, out GuestWindow window))
        {
            return false;
        }

        ulong from = ulong.CreateTruncating(expected);
        ulong to = ulong.CreateTruncating(value);
        exchanged = bytes == 4 ? window.TryExchange32(result.GpaValue, from, to) : window.TryExchange64(result.GpaValue, from, to);
        return true;
    }

    private bool TryTranslateRange(Gva gva, int length, Access access, out WalkResult result)
    {
        result = default;
        ulong at = gva.Value;
        while (length > 0)
        {
            if (!TryLocate(at, access, out result, out _))
            {
                return false;
            }

            int bytes = BytesInPage(at, length);
            length -= bytes;
            at += (ulong)bytes;
        }

        return true;
    }

    private bool TryLocate(ulong gva, Access access, out WalkResult result, out GuestWindow window)
    {
        window = default;
        return Translate(new Gva(gva), access, out result)
            && _memory.Table.TryFind(result.GpaValue, out window)
            && !(access.Kind == AccessKind.Write && window.IsReadOnly);
    }

    private static int BytesInPage(ulong gva, int length) => (int)Math.Min((ulong)length, 4096 - (gva & 4095));
}
