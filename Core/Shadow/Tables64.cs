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
    public static Rights RightsOf(ulong entry) => (Rights)((entry & 7) | ((~entry >> 60) & 8));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> LoadEight(ReadOnlySpan<byte> table, int index) =>
        Vector512.Create(MemoryMarshal.Cast<byte, ulong>(table).Slice(index, 8));

    /// <inheritdoc/>
    public static ulong StartOf(PageRole role) => 0;
}
