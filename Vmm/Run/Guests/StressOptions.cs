// Vmm.Run: sizes of the memory-stress guest.
namespace Mmu.Vmm.Run.Guests;

/// <summary>Sizes of the memory-stress guest.</summary>
/// <param name="Processes">Address spaces: 1 to 64.</param>
/// <param name="Pages">Pages of each: a power of two, 16 to 32768.</param>
/// <param name="Steps">Accesses that it makes.</param>
/// <param name="Seed">What its choices start from.</param>
internal sealed record StressOptions(int Processes, int Pages, int Steps, int Seed)
{
    /// <summary>Gets whether it runs under 5-level paging, not 4-level.</summary>
    internal bool FiveLevels { get; init; }

    /// <summary>Gets the page tables of level 1 that map the pages of a process.</summary>
    internal int Tables => (Pages + 511) / 512;

    /// <summary>Gets the table pages of a process.</summary>
    internal ulong TableBytes => (ulong)(5 + Tables + (FiveLevels ? 1 : 0)) * 4096;

    /// <summary>Gets where the huge pages start, from the beginning of guest memory.</summary>
    internal ulong HugeOffset => (StressLayout.Tables + ((ulong)Processes * TableBytes) + 0x1F_FFFF) & ~0x1F_FFFFUL;

    /// <summary>Gets where the frames for pages start, from the beginning of guest memory.</summary>
    internal ulong PoolOffset => HugeOffset + ((ulong)Processes * 0x20_0000);

    /// <summary>Gets the frames for pages: somewhat fewer than pages, so that they are used again.</summary>
    internal ulong PoolBytes => (((ulong)Processes * (ulong)Pages * 3072) + 0x1F_FFFF) & ~0x1F_FFFFUL;

    /// <summary>Gets the size of guest memory.</summary>
    internal ulong MemoryBytes => PoolOffset + PoolBytes;
}
