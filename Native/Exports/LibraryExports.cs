// Exports: the library itself.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Mmu.Native.Abi;

namespace Mmu.Native.Exports;

/// <summary>The library. Any thread.</summary>
internal static unsafe class LibraryExports
{
    /// <summary>Version of the ABI: the major one in the upper 16 bits changes when a program has to be compiled anew.</summary>
    internal const uint AbiVersion = 1;

    private static readonly Dictionary<Status, nint> _names = NamesOf();

    /// <summary>Version of the ABI of the library in this process, to compare with MMU_ABI_VERSION of the header.</summary>
    [UnmanagedCallersOnly(EntryPoint = "mmu_abi_version")]
    internal static uint GetAbiVersion() => AbiVersion;

    /// <summary>Name of a status.</summary>
    /// <param name="status">What a function returned.</param>
    /// <returns>A string that is never freed.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_strerror")]
    [return: Text]
    internal static byte* GetName(Status status) => (byte*)_names.GetValueOrDefault(status, _names[Status.ErrorInternal]);

    /// <summary>Copies what the calling thread's last failure was about.</summary>
    /// <param name="buffer">Receives the text, cut to fit and ended by 0; may be NULL if size is 0.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <returns>Length of the whole text in bytes, without the 0.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_last_error")]
    internal static ulong CopyLastError([Text] byte* buffer, ulong size) => TextOut.Copy(Failure.Text, buffer, size);

    private static Dictionary<Status, nint> NamesOf()
    {
        Dictionary<Status, nint> names = [];
        foreach (Status status in Enum.GetValues<Status>())
        {
            names.Add(status, TextOut.Keep(CName.OfConstant("mmu_status", status.ToString())));
        }

        return names;
    }
}
