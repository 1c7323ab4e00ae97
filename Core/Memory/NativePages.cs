// Memory: the calls to the operating system that map pages. The only P/Invokes of Core.
// UNSAFETY: maps, protects and unmaps ranges of this process by address; the addresses come from Reservation and the arenas alone.
using System;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Mmu.Memory;

/// <summary>Anonymous and file mappings of whole 4-KiB pages.</summary>
internal static partial class NativePages
{
    /// <summary>Bytes of a page.</summary>
    internal const uint PageBytes = 4096;

    private const int NoAccess = 0;
    private const int ReadWrite = 3;
    private const int Shared = 1;
    private const int Private = 2;
    private const int Fixed = 0x10;
    private const int Low = 0x40;
    private const int AdviseHugePages = 14;
    private const nint Failed = -1;

    // The numbers of Linux, and those of the BSDs and macOS.
    private static int Anonymous => OperatingSystem.IsLinux() ? 0x20 : 0x1000;

    private static int NoReserve => OperatingSystem.IsLinux() ? 0x4000 : 0x40;

    // The flag that keeps a mapping in the low 2 GiB.
    private static bool KnowsLow =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;

    /// <summary>Rounds up to whole pages.</summary>
    internal static ulong RoundUp(ulong bytes) => (bytes + PageBytes - 1) & ~(ulong)(PageBytes - 1);

    /// <summary>Refuses systems without mmap.</summary>
    internal static void RequireUnix()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("The arena maps its memory by mmap, which this system does not have. It runs on Unix.");
        }
    }

    /// <summary>Maps zeroed memory of our own that is committed by touching it; 0 if the system refuses.</summary>
    internal static nuint MapOwn(ulong bytes, bool low)
    {
        if (low && !KnowsLow)
        {
            return 0;
        }

        nint address = Map(0, (nuint)bytes, ReadWrite, Private | Anonymous | NoReserve | (low ? Low : 0), -1, 0);
        return address == Failed ? 0 : (nuint)address;
    }

    /// <summary>Maps part of a file where another process can map it too; 0 if the system refuses.</summary>
    /// <param name="at">The address, inside a mapping of ours that is replaced; 0 for any.</param>
    /// <param name="bytes">How much of the file.</param>
    /// <param name="file">The file's descriptor.</param>
    /// <param name="offset">Where in the file to start: a multiple of the page size.</param>
    internal static nuint MapFile(nuint at, ulong bytes, int file, long offset)
    {
        nint address = Map((nint)at, (nuint)bytes, ReadWrite, at == 0 ? Shared : Shared | Fixed, file, (nint)offset);
        return address == Failed ? 0 : (nuint)address;
    }

    /// <summary>Gives the pages of an own mapping back: they read as zero afterwards.</summary>
    internal static void Renew(nuint at, ulong bytes) =>
        Check(Map((nint)at, (nuint)bytes, ReadWrite, Private | Anonymous | NoReserve | Fixed, -1, 0) != Failed, "mmap", at, bytes);

    /// <summary>Makes every access to the range fail, and gives its pages back.</summary>
    internal static void Forbid(nuint at, ulong bytes) =>
        Check(Map((nint)at, (nuint)bytes, NoAccess, Private | Anonymous | NoReserve | Fixed, -1, 0) != Failed, "mmap", at, bytes);

    /// <summary>Takes <see cref="Forbid"/> back.</summary>
    internal static void Allow(nuint at, ulong bytes) => Check(Protect((nint)at, (nuint)bytes, ReadWrite) == 0, "mprotect", at, bytes);

    /// <summary>Asks for huge pages. Advice: where there are none nothing happens.</summary>
    internal static void AdviseHuge(nuint at, ulong bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise((nint)at, (nuint)bytes, AdviseHugePages);
        }
    }

    /// <summary>Removes a mapping.</summary>
    internal static bool Unmap(nuint at, ulong bytes) => Unmap((nint)at, (nuint)bytes) == 0;

    /// <summary>The system's reason for the last refusal: for messages, to be asked at once.</summary>
    internal static string LastError() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastSystemError());

    private static void Check(bool done, string call, nuint at, ulong bytes)
    {
        if (!done)
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"{call} of {bytes} bytes at 0x{at:x} failed: {LastError()}"));
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nuint bytes);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint address, nuint bytes, int advice);
}
