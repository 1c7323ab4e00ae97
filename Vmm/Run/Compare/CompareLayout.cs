// Vmm.Run: guest memory of the differential mode.
namespace Mmu.Vmm.Run.Compare;

/// <summary>Guest memory of the differential mode, in offsets.</summary>
internal static class CompareLayout
{
    /// <summary>Size of guest memory.</summary>
    internal const ulong MemoryBytes = 16UL << 20;

    /// <summary>A table of level 3 and one of level 2 by which every state maps all of guest memory, for the user.</summary>
    internal const ulong LinearTable3 = 0;
    internal const ulong LinearTable2 = 0x1000;

    /// <summary>The tables of the states, four pages each.</summary>
    internal const ulong States = 0x10_0000;
    internal const int StateCount = 48;
    internal const int StateBytes = 4 * 4096;

    /// <summary>Pages that accesses go to.</summary>
    internal const ulong Data = 8UL << 20;

    /// <summary>Index of the linear map in a root.</summary>
    internal const int LinearIndex = 255;

    /// <summary>Its first linear address.</summary>
    internal const ulong Linear = 0x7F80_0000_0000;

    /// <summary>Where in a data page the code is that a fetch runs.</summary>
    internal const int CodeOffset = 0x800;
}
