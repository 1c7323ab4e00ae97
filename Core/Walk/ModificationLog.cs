// Walk: L1's log of the pages whose dirty bits are set in its EPT.
using System;
using System.Runtime.InteropServices;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>
/// Notes a page before its dirty bit is set in a nested guest's EPT, as the processor that L1 believes in would. Intel SDM "Page-Modification
/// Logging".
/// </summary>
/// <remarks>Owner: the vCPU's thread.</remarks>
internal sealed class ModificationLog
{
    private const ushort LastIndex = 511;
    private const ulong PageMask = 0xFFF;

    /// <summary>Where the log lies, in L1's memory.</summary>
    internal ulong Address { get; set; }

    /// <summary>The entry to write next, which goes down; above 511 the log is full.</summary>
    internal ushort Index { get; set; }

    /// <summary>Notes what a write would make dirty; false with a log-full exit in <paramref name="result"/> if there is no room for it.</summary>
    internal unsafe bool TryNote(WalkContext second, ref SlotView view, ulong address, uint access, ref WalkResult result)
    {
        if ((access & 3) != (uint)AccessKind.Write)
        {
            return true;
        }

        // A page that is dirty already is not noted again; one that cannot be written is for the walk to refuse.
        WalkResult seen = default;
        if (second.Code.Peek(second, ref view, address, access, ref seen) == WalkLimits.NoAddress
            || (seen.EntryValueBits & second.Code.DirtyMask) != 0)
        {
            return true;
        }

#if !MMU_FAULT_220
        if (Index > LastIndex)
        {
            WalkFaults.RaiseLogFull(address, ref result);
            return false;
        }
#endif

        ulong entry = Address + (Index * 8UL);
        if (view.Table.TryFind(entry, out GuestWindow window) && !window.IsReadOnly)
        {
            ulong noted = address & ~PageMask;
            GuestWindow.Write(window.HostOf(entry), MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in noted)));
            view.Table.Records?.Wrote(entry, sizeof(ulong));
        }

        Index--;
        return true;
    }
}
