// Guest: an entry of a vCPU's dirty ring.
using System.Runtime.InteropServices;

namespace Mmu.Guest;

/// <summary>An entry of a dirty ring, 16 bytes. The layout is fixed: rings may be read where they lie (<see cref="DirtyRing.Address"/>).</summary>
/// <param name="State">0 free, <see cref="Dirty"/> written by the library, <see cref="Taken"/> when the reader is done with it.</param>
/// <param name="Slot">Which slot: <c>DirtyLogSession.SlotId</c>.</param>
/// <param name="Page">The page of the slot that was written, from 0.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DirtyRingEntry(uint State, uint Slot, ulong Page)
{
    /// <summary>The library has written the entry.</summary>
    public const uint Dirty = 1;

    /// <summary>The reader has taken it: the next reset hands the page back to be logged again.</summary>
    public const uint Taken = 2;
}
