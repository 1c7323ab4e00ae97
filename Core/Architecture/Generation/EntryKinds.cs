// Architecture: which entries of a level a reserved-bit rule concerns.
using System;

namespace Mmu.Architecture.Generation;

/// <summary>Kinds of page-table entry.</summary>
[Flags]
internal enum EntryKinds
{
    /// <summary>No entry.</summary>
    None = 0,

    /// <summary>An entry that names a table.</summary>
    Table = 1,

    /// <summary>An entry that maps a page.</summary>
    Leaf = 2,

    /// <summary>Both.</summary>
    Any = Table | Leaf,
}
