// Abi: the VMM's callbacks.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>The VMM's callbacks. They must return normally, and call no function of the library for the same VM.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct AbiHost
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>0.</summary>
    internal uint Reserved;

    /// <summary>Handed to every callback.</summary>
    internal void* Context;

    /// <summary>Empties TLBs. NULL where there is none but the library's software TLB.</summary>
    [Callback(typeof(FlushCallback))]
    internal void* Flush;

    /// <summary>Makes vCPUs leave the guest or poll soon. NULL if all poll often by themselves.</summary>
    [Callback(typeof(KickCallback))]
    internal void* Kick;

    /// <summary>Finds host frames of slots with MMU_SLOT_FLAGS_RESOLVED. NULL if there are none.</summary>
    [Callback(typeof(ResolveCallback))]
    internal void* Resolve;
}
