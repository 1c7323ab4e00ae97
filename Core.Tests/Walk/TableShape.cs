// The shape of a mode's tables, from the manuals.
namespace Mmu.Tests.Walk;

/// <param name="Levels">Levels.</param>
/// <param name="IndexBits">Index bits of each level below the root.</param>
/// <param name="EntryBytes">Width of an entry.</param>
/// <param name="TableBits">Low bits of an entry that names a table.</param>
/// <param name="RootBits">Those of the root's entries.</param>
/// <param name="LeafBits">Low bits of a leaf that allows everything.</param>
/// <param name="LargestLeaf">Highest level of a leaf.</param>
internal sealed record TableShape(int Levels, int IndexBits, int EntryBytes, ulong TableBits, ulong RootBits, ulong LeafBits, int LargestLeaf)
{
    internal static TableShape Legacy32 { get; } = new(2, 10, 4, 7, 7, 7, 2);

    internal static TableShape Pae { get; } = new(3, 9, 8, 7, 1, 7, 2);

    internal static TableShape Long4 { get; } = new(4, 9, 8, 7, 7, 7, 3);

    internal static TableShape Long5 { get; } = new(5, 9, 8, 7, 7, 7, 3);

    internal static TableShape Ept4 { get; } = new(4, 9, 8, 7, 7, 0x37, 3);

    internal static TableShape Ept5 { get; } = new(5, 9, 8, 7, 7, 0x37, 3);

    internal int ShiftOf(int level) => 12 + ((level - 1) * IndexBits);
}
