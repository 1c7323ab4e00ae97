// Shadow: L1's nested tables in the PAE format.
using System.Runtime.CompilerServices;
using Mmu.Architecture;

namespace Mmu.Shadow;

/// <summary>
/// As <see cref="Tables64"/> below a table of four entries that lies anywhere in its frame, where the role says, and carries neither rights nor accessed
/// bits. AMD APM "Nested Paging": unlike the PDPTE registers of a guest, its entries are read in each walk.
/// </summary>
internal readonly struct TablesNptPae : IGuestTables
{
    private const int RootLevel = 3;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OffsetOf(PageRole role, int index) => role.PdpteOffset + ((ulong)(uint)index * 8);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageRole ChildOf(PageRole role, Rights access, int index) => role.Child(access, direct: false, index);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rights RightsOf(int level, ulong entry) => level == RootLevel ? GuestEntry.EveryRight : GuestEntry.RightsOf(entry);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsUsable(int level, ulong entry) => level == RootLevel ? (entry & GuestEntry.Present) != 0 : GuestEntry.IsUsable(entry);
}
