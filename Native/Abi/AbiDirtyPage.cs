// Abi: a page from a dirty ring.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>A page that a vCPU has written, from its dirty ring.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiDirtyPage
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>The number of the vCPU.</summary>
    internal uint Vcpu;

    /// <summary>Which slot: mmu_dirty_log_info.slot.</summary>
    internal uint Slot;

    /// <summary>0.</summary>
    internal uint Reserved;

    /// <summary>The page of the slot, from 0.</summary>
    internal ulong Page;
}
