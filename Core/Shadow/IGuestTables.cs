// Shadow: how the entries of guest tables are read: a struct type argument, so that each form gets its own code.
using System;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Shadow;

/// <summary>
/// The form of a guest's tables, as far as the Shadow MMU cares: entry size, and which guest entry a shadow entry stands for. What an entry
/// means is the same in all legacy modes.
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

    /// <summary>What an entry allows.</summary>
    static abstract Rights RightsOf(ulong entry);

    /// <summary>Loads eight entries of a level-1 table, in any order and maybe more than once: a hint only.</summary>
    static abstract Vector512<ulong> LoadEight(ReadOnlySpan<byte> table, int index);

    /// <summary>Byte offset at which the entries behind a level-1 shadow page start.</summary>
    static abstract ulong StartOf(PageRole role);
}
