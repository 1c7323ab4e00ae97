// Generators: what a [PagingMode] declaration says, as plain equatable data.
namespace Mmu.Generators.Model;

/// <summary>A paging mode.</summary>
/// <param name="Namespace">Namespace of the declaration.</param>
/// <param name="Name">Name of the struct.</param>
/// <param name="File">File name of the declaration, without folders.</param>
/// <param name="Layout">Its entry format.</param>
/// <param name="Levels">Levels, the root included.</param>
/// <param name="IndexBits">Index bits of each level below a short root.</param>
/// <param name="Address">Treatment of untranslated address bits.</param>
/// <param name="Leaves">Levels that can map pages, lowest first.</param>
/// <param name="Reserved">Declared reserved bits.</param>
/// <param name="Root">A short root table, or <see langword="null"/>.</param>
/// <param name="HighFrame">Frame bits that stand apart, or <see langword="null"/>.</param>
/// <remarks>Immutable with structural equality, all members too; otherwise the pipeline's caching breaks.</remarks>
internal sealed record ModeSpec(
    string Namespace,
    string Name,
    string File,
    LayoutSpec Layout,
    int Levels,
    int IndexBits,
    AddressForm Address,
    EquatableArray<LeafSpec> Leaves,
    EquatableArray<ReservedSpec> Reserved,
    RootSpec? Root,
    HighFrameSpec? HighFrame)
{
    /// <summary>Bytes of one entry.</summary>
    public int EntryBytes => Layout.Bits / 8;

    /// <summary>Bits of the page offset of a level-1 page: that of the architecture, 4 KiB.</summary>
    public const int PageBits = 12;

    /// <summary>Index bits of the given level's table.</summary>
    public int IndexBitsOf(int level) => Root is { } root && level == Levels ? root.IndexBits : IndexBits;

    /// <summary>Lowest address bit of the given level's index: also the width of the page offset of a leaf there.</summary>
    public int ShiftOf(int level) => PageBits + ((level - 1) * IndexBits);

    /// <summary>Number of translated address bits.</summary>
    public int AddressBits => ShiftOf(Levels) + IndexBitsOf(Levels);

    /// <summary>The leaf declaration of a level, or <see langword="null"/>.</summary>
    public LeafSpec? LeafAt(int level)
    {
        foreach (LeafSpec leaf in Leaves)
        {
            if (leaf.Level == level)
            {
                return leaf;
            }
        }

        return null;
    }

    /// <summary>True if the entries of that level were loaded into registers.</summary>
    public bool InRegisters(int level) => level == Levels && Root is { InRegisters: true };

    /// <summary>True if the entries of that level carry rights and an accessed bit.</summary>
    public bool HasRights(int level) => Root is null || level != Levels;
}
