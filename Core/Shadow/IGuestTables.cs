// Shadow: how the entries of guest tables are read: a struct type argument, so that each form gets its own code.
using System;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Shadow;

/// <summary>
/// The form of a guest's tables: entry size, which guest entry a shadow entry stands for, and what an entry means.
/// </summary>
internal interface IGuestTables
{
    /// <summary>Bytes of an entry.</summary>
    static abstract int EntryBytes { get; }

    /// <summary>Byte offset in the guest's table of the entry behind an entry of a shadow page.</summary>
    static abstract ulong OffsetOf(PageRole role, int index);

    /// <summary>Loads an entry, once, from a table at <paramref name="table"/>, which is inside the window.</summary>
    static abstract ulong Load(GuestWindow window, ulong table, ulong offset);

    /// <summary>Address of the table that an entry names.</summary>
    static abstract ulong TableOf(ulong entry);

    /// <summary>Address of the 4-KiB page that an entry of level 1 maps, in the lowest 52 bits.</summary>
    static abstract ulong PageOf(ulong entry);

    /// <summary>The role of the table below an entry of a table.</summary>
    static abstract PageRole ChildOf(PageRole role, Rights access, int index);

    /// <summary>What an entry of a level allows.</summary>
    static abstract Rights RightsOf(int level, ulong entry);

    /// <summary>The rights in which walks and entries must agree; the others mean nothing here.</summary>
    static abstract Rights Relevant { get; }

    /// <summary>True if the entry names something.</summary>
    static abstract bool IsPresent(ulong entry);

    /// <summary>True if the entry of a level names something and is accessed: what is shadowed unless an access asks for it.</summary>
    static abstract bool IsUsable(int level, ulong entry);

    /// <summary>True if a write through the leaf leaves no mark that is not there yet.</summary>
    static abstract bool IsDirty(ulong entry);

    /// <summary>What a walk may have set since it read an entry.</summary>
    static abstract ulong AccessedDirty { get; }

    /// <summary>The protection key of a leaf.</summary>
    static abstract uint KeyOf(ulong entry);

    /// <summary>True if an entry can be none, reserved bits apart: its combination of rights does not exist.</summary>
    static abstract bool HasBadRights(ulong entry, bool executeOnly);

    /// <summary>True if a leaf can be none, reserved bits and rights apart.</summary>
    static abstract bool IsBadLeaf(ulong entry);

    /// <summary>
    /// What would be shadowed of entries of level 1 that are present, accessed and well formed: frame and rights; something else than any translation
    /// for all others.
    /// </summary>
    /// <param name="entries">The entries.</param>
    /// <param name="bad">Reserved bits.</param>
    /// <param name="role">The role of the shadow page.</param>
    static abstract Vector512<ulong> Expected(Vector512<ulong> entries, Vector512<ulong> bad, PageRole role);

    /// <summary>All bits set for the entries of level 1 that are present and accessed.</summary>
    static abstract Vector512<ulong> AreUsable(Vector512<ulong> entries);

    /// <summary>Loads eight entries of a level-1 table, in any order and maybe more than once: a hint only.</summary>
    static abstract Vector512<ulong> LoadEight(ReadOnlySpan<byte> table, int index);

    /// <summary>Byte offset at which the entries behind a level-1 shadow page start.</summary>
    static abstract ulong StartOf(PageRole role);
}
