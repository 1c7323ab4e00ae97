// Perf: address space for guest memory; only what is touched becomes real.
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mmu.Perf;

/// <summary>
/// A zeroed, 2 MiB aligned reservation that asks for huge pages: host TLB misses would otherwise be measured instead of walks.
/// </summary>
internal sealed unsafe partial class GuestRegion : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x4022;
    private const int HugePages = 14;
    private const ulong Alignment = 2 << 20;

    private readonly nint _mapping;
    private readonly nuint _mapped;

    public GuestRegion(ulong bytes)
    {
        _mapped = (nuint)(bytes + Alignment);
        _mapping = Map(0, _mapped, ReadWrite, PrivateAnonymousNoReserve, -1, 0);
        if (_mapping == -1)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Cannot reserve {bytes} bytes of address space.");
        }

        ulong aligned = ((ulong)_mapping + Alignment - 1) & ~(Alignment - 1);
        Memory = (byte*)aligned;
        Bytes = bytes;
        _ = Advise((nint)aligned, (nuint)bytes, HugePages);
    }

    public byte* Memory { get; }

    public ulong Bytes { get; }

    public void Dispose() => _ = Unmap(_mapping, _mapped);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Advise(nint address, nuint length, int advice);
}
