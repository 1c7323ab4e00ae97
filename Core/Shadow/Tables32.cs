// Shadow: guest tables of 4-byte entries: 32-bit paging.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Shadow;

/// <summary>
/// Guest tables of 1024 entries of 4 bytes. A page table is shadowed by two pages of 512 entries. A page directory is shadowed by four, in
/// which two entries stand for one of the guest's, each for half of its 4 MiB. Which half or quarter is the role's quadrant.
/// </summary>
internal readonly struct Tables32 : IGuestTables
{
    /// <inheritdoc/>
    public static int EntryBytes => 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OffsetOf(PageRole role, int index)
    {
#if MMU_FAULT_90
        uint shadow = (role.Level == 1 ? 0 : role.Quadrant * ShadowPages.EntryCount) + (uint)index;
#else
        uint shadow = (role.Quadrant * ShadowPages.EntryCount) + (uint)index;
#endif
        return (ulong)(role.Level == 1 ? shadow : shadow / 2) * 4;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(GuestWindow window, ulong table, ulong offset) => GuestWindow.Load32(window.Row(offset), table);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong TableOf(ulong entry) => entry & 0xFFFF_F000;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PageOf(ulong entry) => entry & 0xFFFF_F000;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageRole ChildOf(PageRole role, Rights access, int index) => role.Child(access, direct: false, index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rights RightsOf(int level, ulong entry) => (Rights)(entry & 7) | Rights.Execute;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> LoadEight(ReadOnlySpan<byte> table, int index)
    {
        Vector256<uint> entries = Vector256.Create(MemoryMarshal.Cast<byte, uint>(table).Slice(index, 8));
        (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(entries);
        return Vector512.Create(low, high);
    }

    /// <inheritdoc/>
    public static ulong StartOf(PageRole role) => (ulong)role.Quadrant * ShadowPages.EntryCount * 4;
}
