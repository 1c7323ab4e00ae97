// Abi: what a dirty log logs.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>What a dirty log logs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiDirtyLogInfo
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>0, or 1 for the address space of system-management mode.</summary>
    internal uint AddressSpace;

    /// <summary>First guest physical address of the slot.</summary>
    internal ulong SlotBase;

    /// <summary>Pages of the slot.</summary>
    internal ulong Pages;

    /// <summary>Words of 64 bits that a bitmap of the whole slot has.</summary>
    internal uint Words;

    /// <summary>Number of the slot in dirty rings.</summary>
    internal uint Slot;

    /// <summary>Not 0 when the slot was removed or moved: the log answers MMU_ERROR_STATE from then on.</summary>
    internal uint HasEnded;

    /// <summary>0.</summary>
    internal uint Reserved;

    /// <summary>Words of the log that all harvests so far have looked at: what they cost, whatever the machine.</summary>
    internal ulong WordsVisited;
}
