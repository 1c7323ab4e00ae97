// Guest memory for tests, with an unmapped page on each side: a stray access kills the process instead of passing unseen.
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mmu.Tests.Guest;

internal sealed unsafe partial class GuardedPages : IDisposable
{
    private const int PageBytes = 4096;
    private const int NoAccess = 0;
    private const int ReadOnly = 1;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly nint _mapping;
    private readonly nuint _mappedBytes;
    private readonly int _bytes;

    internal GuardedPages(int pages)
    {
        _bytes = pages * PageBytes;
        _mappedBytes = (nuint)_bytes + (2 * PageBytes);
        _mapping = Map(0, _mappedBytes, NoAccess, PrivateAnonymous, -1, 0);
        if (_mapping == -1)
        {
            throw new Win32Exception();
        }

        Allow(ReadWrite);
    }

    internal nuint Address => (nuint)_mapping + PageBytes;

    internal Span<byte> Bytes => new((void*)Address, _bytes);

    internal void MakeReadOnly() => Allow(ReadOnly);

    internal void MakeWritable() => Allow(ReadWrite);

    public void Dispose() => _ = Unmap(_mapping, _mappedBytes);

    private void Allow(int protection)
    {
        if (Protect((nint)Address, (nuint)_bytes, protection) != 0)
        {
            throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nuint bytes);
}
