// Vmm.Run: where the memory-stress guest keeps what.
namespace Mmu.Vmm.Run.Guests;

/// <summary>Addresses of the memory-stress guest: offsets in its memory, and linear addresses.</summary>
internal static class StressLayout
{
    internal const ulong Root = 0;
    internal const ulong LinearTable3 = 0x1000;
    internal const ulong LinearTable2 = 0x2000;
    internal const ulong DeviceTable2 = 0x3000;
    internal const ulong Descriptors = 0x4000;
    internal const ulong Data = 0x5000;
    internal const ulong StackTop = 0x8000;
    internal const ulong KernelCode = 0x8000;
    internal const ulong UserCode = 0xC000;
    internal const ulong Root5 = 0xF000;
    internal const ulong Tables = 0x1_0000;

    /// <summary>The kernel's map of all physical memory.</summary>
    internal const ulong Linear = 0xFFFF_8000_0000_0000;

    /// <summary>Pages of a process.</summary>
    internal const ulong User = 0x4000_0000;

    /// <summary>Its huge page, entry 256 of its table of level 2.</summary>
    internal const ulong Huge = 0x6000_0000;

    /// <summary>Its code, entry 384; after the code page come its own tables of level 1.</summary>
    internal const ulong Program = 0x7000_0000;

    /// <summary>Linear address of an offset in guest memory, for the kernel.</summary>
    internal static ulong LinearOf(ulong offset) => Linear + HostLayout.GuestMemory + offset;
}
