// Vmm.Run: guest memory of the differential mode.
namespace Mmu.Vmm.Run.Compare;

/// <summary>Guest memory of the differential mode, in offsets.</summary>
internal static class CompareLayout
{
    /// <summary>Size of guest memory.</summary>
    internal const ulong MemoryBytes = 16UL << 20;

    /// <summary>Tables by which every state maps all of guest memory, for the user: <see cref="LinearMap"/>.</summary>
    internal const ulong LinearTables = 0;

    /// <summary>The tables of the states, up to five pages each.</summary>
    internal const ulong States = 0x10_0000;
    internal const int StateCount = 48;
    internal const int StateBytes = 5 * 4096;

    /// <summary>Pages that accesses go to.</summary>
    internal const ulong Data = 8UL << 20;

    /// <summary>Where in a data page the code is that a fetch runs.</summary>
    internal const int CodeOffset = 0x800;
}
