// Abi: what a walk found.
using System.Runtime.InteropServices;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Native.Abi;

/// <summary>What a walk of the guest's tables found. Members that do not belong to the outcome are 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiWalk
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>How the walk ended.</summary>
    internal WalkOutcome Outcome;

    /// <summary>On success the guest physical address.</summary>
    internal ulong Gpa;

    /// <summary>
    /// On success the pointer to the byte in this process, good up to the end of its 4-KiB page; 0 outside every slot (MMIO). Given for writes
    /// to read-only slots too, which must not be made through it.
    /// </summary>
    internal ulong HostAddress;

    /// <summary>The guest's leaf entry on success, else the entry that refused, as it was read.</summary>
    internal ulong Entry;

    /// <summary>Level of that entry; 0 if none was read.</summary>
    internal uint Level;

    /// <summary>On success log2 of the page's size in bytes.</summary>
    internal uint PageShift;

    /// <summary>On success what the whole path allows.</summary>
    internal Rights Rights;

    /// <summary>On success the memory type that paging gives.</summary>
    internal MemoryType MemoryType;

    /// <summary>What else is true of it.</summary>
    internal WalkFlags Flags;

    /// <summary>On a fault the rule that refused.</summary>
    internal FaultCause Cause;

    /// <summary>On a fault the address of the entry that refused; 0 for a PDPTE register.</summary>
    internal ulong EntryAddress;

    /// <summary>On a fault the linear address, untagged: CR2.</summary>
    internal ulong LinearAddress;

    /// <summary>The error code of a page fault; the exit qualification or EXITINFO1 of a fault of the second dimension.</summary>
    internal ulong Code;

    /// <summary>Of a nested walk the address before the second dimension.</summary>
    internal ulong NestedGpa;
}
