// Walk: what makes an address space one of its own for the software TLB.
using System.Runtime.InteropServices;

namespace Mmu.Walk;

/// <summary>An address space: entries of one are never used in another.</summary>
/// <param name="Cr3">CR3 with its PCID.</param>
/// <param name="Keys">The protection-key registers, as far as they count.</param>
/// <param name="Guest">0 for the guest itself, else which of its guests: one more than the VPID or ASID.</param>
/// <param name="Second">Root of that guest's second dimension, 1 more for none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SoftTlbSpace(ulong Cr3, ulong Keys, ulong Guest, ulong Second);
