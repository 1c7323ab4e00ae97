// Shadow: guest tables of 8-byte entries: PAE, 4-level and 5-level paging.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Shadow;

/// <summary>Guest tables of 512 entries of 8 bytes: one shadow entry for each.</summary>
internal readonly struct Tables64 : IGuestTables
{
    private const ulong FrameMask = 0x000F_FFFF_FFFF_F000;

    /// <inheritdoc/>
    public static int EntryBytes => 8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OffsetOf(PageRole role, int index) => (ulong)(uint)index * 8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(GuestWindow window, ulong table, ulong offset) => GuestWindow.Load64(window.Row(offset), table);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong TableOf(ulong entry) => entry & FrameMask;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PageOf(ulong entry) => entry & FrameMask;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageRole ChildOf(PageRole role, Rights access, int index) => role.ChildOfWholeTable(access);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rights RightsOf(int level, ulong entry) => (Rights)((entry & 7) | ((~entry >> 60) & 8));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> LoadEight(ReadOnlySpan<byte> table, int index) =>
        Vector512.Create(MemoryMarshal.Cast<byte, ulong>(table).Slice(index, 8));

    /// <inheritdoc/>
    public static Rights Relevant => GuestEntry.EveryRight;

    /// <inheritdoc/>
    public static ulong AccessedDirty => GuestEntry.AccessedDirty;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPresent(ulong entry) => (entry & GuestEntry.Present) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsUsable(int level, ulong entry) => (entry & GuestEntry.PresentAccessed) == GuestEntry.PresentAccessed;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsDirty(ulong entry) => (entry & GuestEntry.Dirty) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint KeyOf(ulong entry) => GuestEntry.KeyOf(entry);

    /// <inheritdoc/>
    public static bool HasBadRights(ulong entry, bool executeOnly) => false;

    /// <inheritdoc/>
    public static bool IsBadLeaf(ulong entry) => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Expected(Vector512<ulong> entries, Vector512<ulong> bad, PageRole role) => GuestEntry.Expected(entries, bad, role);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> AreUsable(Vector512<ulong> entries) => GuestEntry.AreUsable(entries);

    /// <inheritdoc/>
    public static ulong StartOf(PageRole role) => 0;
}
