// Vmm: sparse guest memory: pages exist from their first use on.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Replay;

/// <summary>Guest memory of a replay, from guest physical address 0.</summary>
internal sealed unsafe partial class GuestRam : IDisposable
{
    private const int ReadWrite = 3;
    private const nint Failed = -1;

    private readonly nint _address;

    // MAP_PRIVATE, MAP_ANONYMOUS and MAP_NORESERVE: the numbers of Linux, and those of the BSDs and macOS.
    private static int Flags => OperatingSystem.IsLinux() ? 0x4022 : 0x1042;

    /// <summary>Maps so many bytes, all zero.</summary>
    /// <exception cref="InputException">The system has no room for them.</exception>
    public GuestRam(ulong bytes)
    {
        Bytes = bytes;
        _address = Map(0, (nuint)bytes, ReadWrite, Flags, -1, 0);
        if (_address == Failed)
        {
            throw new InputException($"{bytes} bytes of guest memory cannot be mapped: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>Size in bytes.</summary>
    public ulong Bytes { get; }

    /// <summary>Address of the first byte in this process.</summary>
    public nuint Address => (nuint)_address;

    /// <summary>The bytes of a page.</summary>
    public Span<byte> Page(ulong gpa) => Slice(gpa & ~0xFFFUL, 4096);

    /// <summary>Stores the low bytes of a value.</summary>
    public void Store(ulong gpa, int bytes, ulong value)
    {
        Span<byte> source = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(source, value);
        source[..bytes].CopyTo(Slice(gpa, bytes));
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Unmap(_address, (nuint)Bytes);

    private Span<byte> Slice(ulong gpa, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(gpa, Bytes - (ulong)bytes);
        return new Span<byte>((byte*)_address + gpa, bytes);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nuint bytes);
}
