// Vmm.Run: the system calls behind /dev/kvm.
// UNSAFETY: pointers to structures on the caller's stack or in memory that outlives the call are handed to the kernel.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors.Kvm;

/// <summary>System calls and numbers of the KVM interface, as Linux documents them.</summary>
internal static unsafe partial class KvmNative
{
    internal const uint GetApiVersion = 0xAE00;
    internal const uint CreateVm = 0xAE01;
    internal const uint GetVcpuMmapSize = 0xAE04;
    internal const uint CreateVcpu = 0xAE41;
    internal const uint SetTssAddress = 0xAE47;
    internal const uint Run = 0xAE80;
    internal const uint GetRegs = 0x8090_AE81;
    internal const uint SetRegs = 0x4090_AE82;
    internal const uint GetSregs = 0x8138_AE83;
    internal const uint SetSregs = 0x4138_AE84;
    internal const uint SetUserMemoryRegion = 0x4020_AE46;
    internal const uint GetSupportedCpuid = 0xC008_AE05;
    internal const uint SetCpuid2 = 0x4008_AE90;

    internal const int Interrupted = 4;
    internal const int TryAgain = 11;
    internal const int WindowChanged = 28;

    private const int OpenReadWriteCloseOnExec = 2 | 0x8_0000;
    private const int ReadWrite = 3;
    private const int Shared = 1;

    /// <summary>Opens a device; negative if that fails.</summary>
    internal static int Open(string path) => OpenNative(path, OpenReadWriteCloseOnExec);

    /// <summary>An ioctl; negative if it fails.</summary>
    internal static int Ioctl(int file, uint request, void* argument) => IoctlNative(file, request, (nint)argument);

    /// <summary>An ioctl with a number.</summary>
    internal static int Ioctl(int file, uint request, long argument) => IoctlNative(file, request, (nint)argument);

    /// <summary>Maps a vCPU's page; null if that fails.</summary>
    internal static byte* Map(int file, nuint bytes)
    {
        nint address = MapNative(0, bytes, ReadWrite, Shared, file, 0);
        return address == -1 ? null : (byte*)address;
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int file);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "munmap")]
    internal static partial int Unmap(byte* address, nuint bytes);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "gettid")]
    internal static partial int ThreadId();

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "tgkill")]
    internal static partial int Signal(int process, int thread, int signal);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoctlNative(int file, nuint request, nint argument);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapNative(nint address, nuint bytes, int protection, int flags, int file, nint offset);
}
