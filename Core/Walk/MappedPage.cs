// Walk: one page of an address space.
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>One mapped page that a <see cref="PageScan"/> found.</summary>
/// <param name="Gva">Its first linear address, sign-extended where the mode does that.</param>
/// <param name="Gpa">What it maps to, in terms of memory slots; behind a second dimension, after it.</param>
/// <param name="PageShift">log2 of its size in bytes; of a nested guest's page the size of the piece that the second dimension maps as
/// one.</param>
/// <param name="Rights">What the whole path allows.</param>
/// <param name="Level">Level of its leaf in the guest's tables.</param>
/// <param name="Entry">The leaf in the guest's tables.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MappedPage(Gva Gva, Gpa Gpa, int PageShift, Rights Rights, int Level, ulong Entry)
{
    /// <summary>Its size in bytes.</summary>
    public ulong Bytes => 1UL << PageShift;
}
