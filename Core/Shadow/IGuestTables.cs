// Shadow: how the entries of guest tables are read: a struct type argument, so that each form gets its own code.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>
/// The form of a guest's tables: entry size, which guest entry a shadow entry stands for, and what an entry means. What is said here is true of 512 entries
/// of 8 bytes as PAE, 4- and 5-level paging have them; other forms say what is different.
/// </summary>
internal interface IGuestTables
{
    /// <summary>Bytes of an entry.</summary>
    static virtual int EntryBytes => 8;

    /// <summary>Byte offset in the guest's table of the entry behind an entry of a shadow page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual ulong OffsetOf(PageRole role, int index) => (ulong)(uint)index * 8;

    /// <summary>Loads an entry, once, from a table at <paramref name="table"/>, which is inside the window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual ulong Load(GuestWindow window, ulong table, ulong offset) => GuestWindow.Load64(window.Row(offset), table);

    /// <summary>Address of the table that an entry names.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual ulong TableOf(ulong entry) => entry & Spte.FrameMask;

    /// <summary>Address of the 4-KiB page that an entry of level 1 maps, in the lowest 52 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual ulong PageOf(ulong entry) => entry & Spte.FrameMask;

    /// <summary>The role of the table below an entry of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual PageRole ChildOf(PageRole role, Rights access, int index) => role.ChildOfWholeTable(access);

    /// <summary>What an entry of a level allows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Rights RightsOf(int level, ulong entry) => GuestEntry.RightsOf(entry);

    /// <summary>The rights in which walks and entries must agree; the others mean nothing here.</summary>
    static virtual Rights Relevant => GuestEntry.EveryRight;

    /// <summary>True if the entry names something.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual bool IsPresent(ulong entry) => (entry & GuestEntry.Present) != 0;

    /// <summary>True if the entry of a level names something and is accessed: what is shadowed unless an access asks for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual bool IsUsable(int level, ulong entry) => GuestEntry.IsUsable(entry);

    /// <summary>True if a write through the leaf leaves no mark that is not there yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual bool IsDirty(ulong entry) => (entry & GuestEntry.Dirty) != 0;

    /// <summary>What a walk may have set since it read an entry.</summary>
    static virtual ulong AccessedDirty => GuestEntry.AccessedDirty;

    /// <summary>The protection key of a leaf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual uint KeyOf(ulong entry) => GuestEntry.KeyOf(entry);

    /// <summary>True if an entry can be none, reserved bits apart: its combination of rights does not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual bool HasBadRights(ulong entry, bool executeOnly) => false;

    /// <summary>True if a leaf can be none, reserved bits and rights apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual bool IsBadLeaf(ulong entry) => false;

    /// <summary>
    /// What would be shadowed of entries of level 1 that are present, accessed and well formed: frame and rights; something else than any translation
    /// for all others.
    /// </summary>
    /// <param name="entries">The entries.</param>
    /// <param name="bad">Reserved bits.</param>
    /// <param name="role">The role of the shadow page.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector512<ulong> Expected(Vector512<ulong> entries, Vector512<ulong> bad, PageRole role) => GuestEntry.Expected(entries, bad, role);

    /// <summary>All bits set for the entries of level 1 that are present and accessed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector512<ulong> AreUsable(Vector512<ulong> entries) => GuestEntry.AreUsable(entries);

    /// <summary>Loads eight entries of a level-1 table, in any order and maybe more than once: a hint only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual Vector512<ulong> LoadEight(ReadOnlySpan<byte> table, int index) =>
        Vector512.Create(MemoryMarshal.Cast<byte, ulong>(table).Slice(index, 8));

    /// <summary>Byte offset at which the entries behind a level-1 shadow page start.</summary>
    static virtual ulong StartOf(PageRole role) => 0;
}
