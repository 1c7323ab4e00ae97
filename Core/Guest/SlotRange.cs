// Guest: some frames of a slot.
using System.Runtime.InteropServices;

namespace Mmu.Guest;

/// <summary>Frames [<paramref name="Start"/>, <paramref name="End"/>) of a slot.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SlotRange(SlotRecord Slot, ulong Start, ulong End);
