// Walk: a run of pages with the same rights.
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>A run of adjacent pages with the same rights.</summary>
/// <param name="Start">First linear address.</param>
/// <param name="Bytes">Size in bytes.</param>
/// <param name="Rights">The rights that were asked about.</param>
/// <param name="PageCount">Number of leaves.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MappedRegion(Gva Start, ulong Bytes, Rights Rights, ulong PageCount)
{
    /// <summary>Last linear address.</summary>
    public Gva Last => new(Start.Value + Bytes - 1);
}
