// Abi: properties of a memory slot.
using System;

namespace Mmu.Native.Abi;

/// <summary>Properties of a memory slot.</summary>
[Flags]
internal enum SlotBits : uint
{
    /// <summary>Ordinary memory.</summary>
    None = 0,

    /// <summary>The guest cannot write to it.</summary>
    ReadOnly = 1 << 0,

    /// <summary>Host frames are found page by page, by the host's resolve callback.</summary>
    Resolved = 1 << 1,

    /// <summary>A device's memory, passed through: not cached, not encrypted. For VMs on nested paging.</summary>
    Device = 1 << 2,

    /// <summary>The guest may fetch and nothing else. For VMs on nested paging with MMU_VM_FLAGS_EXECUTE_ONLY.</summary>
    ExecuteOnly = 1 << 3,

    /// <summary>host_frame is given. Without it the frame is host_address / 4096, which is right where no processor walks the tables.</summary>
    HostFrame = 1 << 16,
}
