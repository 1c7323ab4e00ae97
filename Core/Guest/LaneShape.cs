// Guest: where one level's table entries lie, for side-by-side loads.
using System.Runtime.InteropServices;

namespace Mmu.Guest;

/// <summary>One level of a mode as <see cref="GuestWindow.LoadLevel"/> needs it.</summary>
/// <param name="Frame">Bits of an entry that are the address of a table.</param>
/// <param name="Shift">How far an address is shifted right to bring the index, times the entry size, into place.</param>
/// <param name="RowMask">The bits of the shifted address that are the entry's byte offset.</param>
/// <param name="EntryBytes">4 or 8.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LaneShape(ulong Frame, int Shift, ulong RowMask, int EntryBytes);
