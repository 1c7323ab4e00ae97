// Memory: a range of address space that is unmapped when nobody holds it any more.
// UNSAFETY: owns a mapping by address; whoever follows pointers into it keeps this object.
using System;
using System.Globalization;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Mmu.Memory;

/// <summary>A mapping, with a page on each side that cannot be touched if it is fenced.</summary>
internal sealed class Reservation : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly ulong _mappedBytes;

    private Reservation(nuint mapped, ulong mappedBytes, nuint address)
        : base(ownsHandle: true)
    {
        _mappedBytes = mappedBytes;
        Address = address;
        SetHandle((nint)mapped);
    }

    /// <summary>The first usable byte.</summary>
    internal nuint Address { get; }

    /// <summary>Reserves zeroed memory that is committed by touching it.</summary>
    /// <param name="bytes">Size in bytes, whole pages.</param>
    /// <param name="preferLow">Tries the low 2 GiB of the address space first.</param>
    /// <param name="fence">Puts a guard page on each side.</param>
    internal static Reservation Own(ulong bytes, bool preferLow, bool fence)
    {
        NativePages.RequireUnix();
        ulong guard = fence ? NativePages.PageBytes : 0;
        ulong mappedBytes = bytes + (2 * guard);
        nuint mapped = preferLow ? NativePages.MapOwn(mappedBytes, low: true) : 0;
        mapped = mapped != 0 ? mapped : NativePages.MapOwn(mappedBytes, low: false);
        if (mapped == 0)
        {
            throw Refused(bytes);
        }

        Reservation reservation = new(mapped, mappedBytes, mapped + (nuint)guard);
        reservation.Guard(bytes, guard);
        return reservation;
    }

    /// <summary>Maps part of a file, shared with whoever maps it too.</summary>
    internal static Reservation File(SafeFileHandle file, long offset, ulong bytes, bool fence)
    {
        NativePages.RequireUnix();
        long length = RandomAccess.GetLength(file);
        if (length - offset < (long)bytes)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture, $"The file has {length} bytes; {bytes} from offset {offset} were asked for."), nameof(file));
        }

        bool added = false;
        try
        {
            file.DangerousAddRef(ref added);
            return MapFile((int)file.DangerousGetHandle(), offset, bytes, fence);
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => NativePages.Unmap((nuint)handle, _mappedBytes);

    private static Reservation MapFile(int file, long offset, ulong bytes, bool fence)
    {
        if (!fence)
        {
            nuint address = NativePages.MapFile(0, bytes, file, offset);
            return address != 0 ? new Reservation(address, bytes, address) : throw Refused(bytes);
        }

        Reservation reservation = Own(bytes, preferLow: false, fence: true);
        if (NativePages.MapFile(reservation.Address, bytes, file, offset) == 0)
        {
            InvalidOperationException refused = Refused(bytes);
            reservation.Dispose();
            throw refused;
        }

        return reservation;
    }

    private static InvalidOperationException Refused(ulong bytes) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The system refused to map {bytes} bytes: {NativePages.LastError()}"));

    private void Guard(ulong bytes, ulong guard)
    {
        if (guard != 0)
        {
            NativePages.Forbid(Address - (nuint)guard, guard);
            NativePages.Forbid(Address + (nuint)bytes, guard);
        }
    }
}
