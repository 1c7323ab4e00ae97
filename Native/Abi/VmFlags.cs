// Abi: what a VM is created with besides numbers.
using System;

namespace Mmu.Native.Abi;

/// <summary>Options of a VM that are on or off.</summary>
[Flags]
internal enum VmFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Keeps what entries that are not present name out of the cache: for processors with L1 Terminal Fault.</summary>
    L1tf = 1 << 0,

    /// <summary>The tables live in the file table_fd, from table_offset on: a memfd that the VMM maps too.</summary>
    TablesInFile = 1 << 1,

    /// <summary>A processor walks the guest's tables itself and ours after them: EPT or NPT, by the nested_ fields.</summary>
    Nested = 1 << 2,

    /// <summary>Of nested paging with EPT: leaves the memory type of guest memory to the guest's PAT.</summary>
    HonoursGuestPat = 1 << 3,

    /// <summary>Of nested paging with EPT: the processor knows pages that can be executed only.</summary>
    ExecuteOnly = 1 << 4,

    /// <summary>Huge pages are never executable: a fetch maps 4 KiB. For processors with the iTLB multihit erratum.</summary>
    NxHugePages = 1 << 5,

    /// <summary>
    /// Of nested paging with accessed and dirty bits: the processor notes the pages it writes (PML), and the VMM hands them to mmu_vcpu_drain_dirty_pages.
    /// </summary>
    PageModificationLog = 1 << 6,
}
