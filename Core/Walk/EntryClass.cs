// Walk: what a single entry is.
namespace Mmu.Walk;

/// <summary>What a single entry is.</summary>
internal enum EntryClass
{
    /// <summary>Not present.</summary>
    Absent,

    /// <summary>Present, with a reserved bit or an impossible combination.</summary>
    Malformed,

    /// <summary>Names a table.</summary>
    Table,

    /// <summary>Maps a page.</summary>
    Page,
}
