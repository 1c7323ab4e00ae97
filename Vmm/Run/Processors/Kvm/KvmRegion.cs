// Vmm.Run: struct kvm_userspace_memory_region.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors.Kvm;

/// <summary>A memory region.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmRegion
{
    public uint Slot;
    public uint Flags;
    public ulong GuestAddress;
    public ulong Bytes;
    public ulong HostAddress;
}
