// Perf: a process that comes and goes.
namespace Mmu.Perf.Shadow;

/// <summary>512 pages behind one table of level 1 that the guest fills, links, unlinks and clears.</summary>
/// <param name="Gva">The first page.</param>
/// <param name="Table">Guest physical address of the table.</param>
/// <param name="Entries">Where its entries for the pages are.</param>
/// <param name="Frame">Guest physical address of the first page.</param>
/// <param name="Link">Guest physical address of the entry that names the table.</param>
/// <param name="Window">The table as a page of the guest's own.</param>
internal sealed record LifePlan(ulong Gva, ulong Table, nint Entries, ulong Frame, ulong Link, ulong Window)
{
    private const ulong LeafFlags = 0x67; // P, W, U, A, D
    private const ulong TableFlags = 0x27;

    /// <summary>What <see cref="Link"/> holds while the process lives.</summary>
    public ulong LinkValue => Table | TableFlags;

    /// <summary>The entry of a page.</summary>
    public ulong LeafAt(uint page) => (Frame + (page * 4096)) | LeafFlags;
}
