// Memory: where the table pages live, so that a VMM can reach them.
using System;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Mmu.Memory;

/// <summary>Where a VM's table pages live: memory of our own, part of a file that the VMM maps too, or memory of the VMM.</summary>
public sealed record TableBacking
{
    private const ulong LowArea = 1UL << 30;

    private TableBacking(SafeFileHandle? source, long offset, nuint address)
    {
        Source = source;
        Offset = offset;
        Address = address;
    }

    /// <summary>The file, or null.</summary>
    internal SafeFileHandle? Source { get; }

    /// <summary>Where in the file the first page starts.</summary>
    internal long Offset { get; }

    /// <summary>The VMM's memory, or 0.</summary>
    internal nuint Address { get; }

    /// <summary>Memory that the library maps for itself, below 2 GiB where the system can.</summary>
    public static TableBacking Own() => new(null, 0, 0);

    /// <summary>Part of a file, mapped shared: a memfd, POSIX shared memory or a file of a memory file system.</summary>
    /// <param name="file">The file, at least <paramref name="offset"/> plus the size of the tables long.
    /// Not needed once the VM is made.</param>
    /// <param name="offset">Where in the file the first page starts, in bytes: a multiple of 4096.</param>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative or not a multiple of 4096.</exception>
    public static TableBacking File(SafeFileHandle file, long offset)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (offset < 0 || offset % NativePages.PageBytes != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, "The offset must be a multiple of 4096, and not negative.");
        }

        return new TableBacking(file, offset, 0);
    }

    /// <inheritdoc cref="File(SafeFileHandle, long)"/>
    /// <param name="fileDescriptor">The descriptor of the file. Stays the caller's.</param>
    /// <param name="offset">Where in the file the first page starts, in bytes: a multiple of 4096.</param>
    public static TableBacking File(int fileDescriptor, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileDescriptor);
        return File(new SafeFileHandle(fileDescriptor, ownsHandle: false), offset);
    }

    /// <summary>Memory of the VMM, which keeps it until the VM is disposed of and touches it no more than a CPU would.</summary>
    /// <param name="address">Its first byte: not 0, a multiple of 4096.</param>
    /// <exception cref="ArgumentOutOfRangeException">The address is 0 or not a multiple of 4096.</exception>
    public static TableBacking Memory(nuint address)
    {
        if (address == 0 || address % NativePages.PageBytes != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(address),
                string.Create(CultureInfo.InvariantCulture, $"The address must be a multiple of 4096, and not 0: 0x{address:x}."));
        }

        return new TableBacking(null, 0, address);
    }

    /// <summary>Maps so many bytes of it; null for memory of the VMM, which is mapped already.</summary>
    /// <param name="bytes">Whole pages.</param>
    /// <param name="preferLow">Tries the low 2 GiB first for memory of our own, in which Linux keeps 1 GiB for such requests.</param>
    /// <param name="fence">Puts a guard page on each side.</param>
    internal Reservation? Map(ulong bytes, bool preferLow, bool fence)
    {
        if (Address != 0)
        {
            return null;
        }

        return Source is null
            ? Reservation.Own(bytes, preferLow && bytes <= LowArea, fence)
            : Reservation.File(Source, Offset, bytes, fence);
    }
}
