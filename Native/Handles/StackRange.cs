// Handles: where a thread's stack lies.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mmu.Native.Handles;

/// <summary>
/// The stack of a thread, by which a call is known to come from it: a compare, where asking for the thread costs a call. Calls on other stacks of the thread
/// (of a signal handler, of coroutines) are not known by it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct StackRange(nuint start, nuint bytes)
{
    // No mapping lies closer below the main thread's stack, which grows (the kernel's stack_guard_gap).
    private const nuint MostBelow = 1 << 20;

    [ThreadStatic]
    private static StackRange _own;

    private readonly nuint _start = start;
    private readonly nuint _bytes = bytes;

    /// <summary>True if the caller runs on this stack.</summary>
    internal bool IsCallers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            byte here;
            return (nuint)(&here) - _start < _bytes;
        }
    }

    /// <summary>That of the calling thread; nothing if it cannot be found, or if the thread runs on another just now.</summary>
    internal static StackRange OfCaller()
    {
        if (_own._bytes == 0)
        {
            _own = Find();
        }

        return _own.IsCallers ? _own : default;
    }

    private static StackRange Find()
    {
        // Larger than any pthread_attr_t of glibc on x86-64.
        ulong* attributes = stackalloc ulong[16];
        if (GetAttributes(CurrentThread(), attributes) != 0)
        {
            return default;
        }

        nuint low;
        nuint bytes;
        int error = GetStack(attributes, &low, &bytes);
        _ = DestroyAttributes(attributes);
        nuint here = (nuint)(&low);
        if (error != 0 || here - low >= bytes)
        {
            return default;
        }

        nuint start = Math.Max(low, here - MostBelow);
        return new StackRange(start, low + bytes - start);
    }

    [DllImport("libc.so.6", EntryPoint = "pthread_self"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nuint CurrentThread();

    [DllImport("libc.so.6", EntryPoint = "pthread_getattr_np"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAttributes(nuint thread, void* attributes);

    [DllImport("libc.so.6", EntryPoint = "pthread_attr_getstack"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetStack(void* attributes, nuint* address, nuint* bytes);

    [DllImport("libc.so.6", EntryPoint = "pthread_attr_destroy"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int DestroyAttributes(void* attributes);
}
