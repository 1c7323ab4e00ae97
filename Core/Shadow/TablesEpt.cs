// Shadow: L1's EPT.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Shadow;

/// <summary>EPT: 512 entries of 8 bytes, present if they allow anything. Intel SDM "The Extended Page Table Mechanism (EPT)".</summary>
/// <typeparam name="TAccessed">Whether L1 turned accessed and dirty bits on.</typeparam>
/// <typeparam name="TByMode">Whether fetches from user-mode addresses have a right of their own.</typeparam>
internal readonly struct TablesEpt<TAccessed, TByMode> : IGuestTables
    where TAccessed : struct, ISwitch
    where TByMode : struct, ISwitch
{
    private const ulong Readable = 1;
    private const ulong Writable = 2;
    private const ulong Executable = 4;
    private const ulong UserExecutable = 1UL << 10;
    private const ulong Accessed = 1UL << 8;
    private const ulong Dirty = 1UL << 9;

    /// <inheritdoc/>
    public static Rights Relevant => GuestEntry.EveryRight & (TByMode.IsOn ? GuestEntry.EveryRight : ~Rights.User);

    /// <inheritdoc/>
    public static ulong AccessedDirty => TAccessed.IsOn ? Accessed | Dirty : 0;

    private static ulong AnyRight => Readable | Writable | Executable | (TByMode.IsOn ? UserExecutable : 0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rights RightsOf(int level, ulong entry) =>
        (Rights)((entry & 3) | ((entry & Executable) << 1) | (TByMode.IsOn ? (entry >> 8) & 4 : entry & 4));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPresent(ulong entry) => (entry & AnyRight) != 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsUsable(int level, ulong entry) => IsPresent(entry) && (!TAccessed.IsOn || (entry & Accessed) != 0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
#if MMU_FAULT_230
    public static bool IsDirty(ulong entry) => true;
#else
    public static bool IsDirty(ulong entry) => !TAccessed.IsOn || (entry & Dirty) != 0;
#endif

    /// <inheritdoc/>
    public static uint KeyOf(ulong entry) => 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasBadRights(ulong entry, bool executeOnly) => EptRules.HasBadRights(entry, executeOnly, TByMode.IsOn);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBadLeaf(ulong entry) => EptRules.HasBadMemoryType(entry);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Expected(Vector512<ulong> entries, Vector512<ulong> bad, PageRole role)
    {
        Vector512<ulong> writable = entries & Vector512.Create(Writable) & (TAccessed.IsOn ? entries >>> 8 : Vector512<ulong>.AllBitsSet);
        Vector512<ulong> user = (TByMode.IsOn ? entries >>> 8 : entries) & Vector512.Create((ulong)Rights.User);
        Vector512<ulong> rights = (entries & Vector512.Create(Readable)) | writable | user | ((entries & Vector512.Create(Executable)) << 1);

        // Without reads there are no writes, nor, unless that is supported, fetches.
        ulong needsRead = AnyRight & (role.ExecuteOnly ? Writable : ~Readable);
        Vector512<ulong> unread = Vector512.Equals(entries & Vector512.Create(Readable), Vector512<ulong>.Zero);
        Vector512<ulong> badRights = unread & ~Vector512.Equals(entries & Vector512.Create(needsRead), Vector512<ulong>.Zero);

        // Memory types 2, 3 and 7, in bits 5:3.
        Vector512<ulong> badType = (entries >>> 4) & ((entries >>> 3) | (~entries >>> 5)) & Vector512<ulong>.One;
        Vector512<ulong> valid = AreUsable(entries)
            & Vector512.Equals(entries & bad, Vector512<ulong>.Zero)
            & ~badRights
#if MMU_FAULT_233
            & ~(badType & Vector512<ulong>.Zero);
#else
            & Vector512.Equals(badType, Vector512<ulong>.Zero);
#endif
        return GuestEntry.Packed(entries, rights, valid, role);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> AreUsable(Vector512<ulong> entries)
    {
        Vector512<ulong> usable = ~Vector512.Equals(entries & Vector512.Create(AnyRight), Vector512<ulong>.Zero);
        return TAccessed.IsOn ? usable & ~Vector512.Equals(entries & Vector512.Create(Accessed), Vector512<ulong>.Zero) : usable;
    }
}
