// Abi: a memory slot.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>A range of guest memory, and where it lies in this process.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiSlot
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>Which fields count, and what the guest may do to it.</summary>
    internal SlotBits Flags;

    /// <summary>First guest physical address; a multiple of 4096.</summary>
    internal ulong Base;

    /// <summary>Size in bytes; a multiple of 4096, not 0.</summary>
    internal ulong Size;

    /// <summary>Its first byte in this process; a multiple of 4096. Must stay valid until mmu_vm_remove_slot has returned.</summary>
    internal ulong HostAddress;

    /// <summary>Of MMU_SLOT_FLAGS_HOST_FRAME: host frame of its first page, as the processor that walks the tables sees it.</summary>
    internal ulong HostFrame;

    /// <summary>0, or 1 for vCPUs in system-management mode.</summary>
    internal uint AddressSpace;

    /// <summary>0.</summary>
    internal uint Reserved;
}
