// Abi: options of a VM.
using System.Runtime.InteropServices;
using Mmu.Architecture;
using Mmu.Common;

namespace Mmu.Native.Abi;

/// <summary>What a VM is created with. Zero is the default everywhere: a software client's VM.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiVmOptions
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>Options that are on or off.</summary>
    internal VmFlags Flags;

    /// <summary>Vendor of the guest's CPU.</summary>
    internal CpuVendor Vendor;

    /// <summary>Features that the guest's CPU lacks.</summary>
    internal FeatureFlags LackingFeatures;

    /// <summary>MAXPHYADDR of the guest's CPU, 32 to 52 bits; 0 for 52.</summary>
    internal uint PhysicalAddressBits;

    /// <summary>MAXPHYADDR of the processor that walks the tables, 32 to 52 bits; 0 for 52, where none does.</summary>
    internal uint HostPhysicalAddressBits;

    /// <summary>Pages of 4 KiB for tables, 8 to 2^22; 0 for 65536.</summary>
    internal uint TablePages;

    /// <summary>Most tables in use before the oldest are taken apart, at least 8; 0 for as many as there are pages.</summary>
    internal uint TableQuota;

    /// <summary>Most vCPUs, 1 to 1024; 0 for 64.</summary>
    internal uint MaxVcpus;

    /// <summary>Of MMU_VM_FLAGS_TABLES_IN_FILE: the file. Not needed once the VM is made.</summary>
    internal int TableFd;

    /// <summary>Of MMU_VM_FLAGS_TABLES_IN_FILE: where in the file the first page starts; a multiple of 4096.</summary>
    internal ulong TableOffset;

    /// <summary>Memory of the caller's for the tables, a multiple of 4096; 0 for memory that the library maps.</summary>
    internal ulong TableAddress;

    /// <summary>Host frame of the first table page, as the processor that walks the tables sees it; 0 where none does.</summary>
    internal ulong FirstTableFrame;

    /// <summary>Memory-encryption bit that every entry gets, as a mask of one of bits 51:12; 0 for none.</summary>
    internal ulong EncryptionBit;

    /// <summary>Address space in bytes for what the library keeps about tables and slots; 0 for enough for 256 GiB of slots.</summary>
    internal ulong PrivateBytes;

    /// <summary>Of MMU_VM_FLAGS_NESTED: format of the tables.</summary>
    internal TdpFormat NestedFormat;

    /// <summary>Of MMU_VM_FLAGS_NESTED: levels of the tables, 4 or 5; 0 for 4.</summary>
    internal uint NestedLevels;

    /// <summary>Of MMU_VM_FLAGS_NESTED: largest pages, 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB; 0 for 3.</summary>
    internal uint NestedHighestPageLevel;

    /// <summary>
    /// Entries of each vCPU's dirty ring, a power of two from 128, or 2048 with MMU_VM_FLAGS_PAGE_MODIFICATION_LOG, to 65536; 0 for no rings.
    /// </summary>
    internal uint DirtyRingEntries;
}
