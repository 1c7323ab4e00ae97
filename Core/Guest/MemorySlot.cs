// Guest: one contiguous piece of guest memory and where it lies in the host.
using System.Runtime.InteropServices;
using Mmu.Addressing;

namespace Mmu.Guest;

/// <summary>A contiguous piece of guest-physical memory that is contiguous in this process too.</summary>
/// <param name="Base">First guest physical address; a multiple of 4096.</param>
/// <param name="Size">Size in bytes; a multiple of 4096, not 0.</param>
/// <param name="HostAddress">Address of the first byte in this process; a multiple of 4096, not 0. The memory must stay valid while the
/// slot is registered and any walker may use it.</param>
/// <param name="HostFrame">The frame number that a CPU walking our tables must find for the first page. Software clients use <c>HostAddress
/// &gt;&gt; 12</c>.</param>
/// <param name="Flags">Properties.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MemorySlot(Gpa Base, ulong Size, nuint HostAddress, Pfn HostFrame, SlotFlags Flags)
{
    /// <summary>Creates a slot for a software client: the host frame follows from the host address.</summary>
    /// <param name="baseAddress">First guest physical address.</param>
    /// <param name="size">Size in bytes.</param>
    /// <param name="hostAddress">Address of the first byte in this process.</param>
    /// <param name="flags">Properties.</param>
    public MemorySlot(Gpa baseAddress, ulong size, nuint hostAddress, SlotFlags flags)
        : this(baseAddress, size, hostAddress, new Pfn(hostAddress >> 12), flags)
    {
    }

    /// <summary>Creates a slot of ordinary memory for a software client.</summary>
    /// <param name="baseAddress">First guest physical address.</param>
    /// <param name="size">Size in bytes.</param>
    /// <param name="hostAddress">Address of the first byte in this process.</param>
    public MemorySlot(Gpa baseAddress, ulong size, nuint hostAddress)
        : this(baseAddress, size, hostAddress, SlotFlags.None)
    {
    }

    /// <summary>Last guest physical address of the slot.</summary>
    public Gpa Last => new(Base.Value + Size - 1);
}
