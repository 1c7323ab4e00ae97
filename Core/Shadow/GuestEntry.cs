// Shadow: what the entries of legacy paging and of NPT mean, and what an entry of level 1 stands for.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mmu.Architecture;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Bits of a guest's entries in all modes but EPT, and what an entry of level 1 stands for in any.</summary>
internal static class GuestEntry
{
    /// <summary>P.</summary>
    internal const ulong Present = 1;

    /// <summary>P and A: only such entries are shadowed unless an access asks for them.</summary>
    internal const ulong PresentAccessed = 0x21;

    /// <summary>D of a leaf.</summary>
    internal const ulong Dirty = 0x40;

    /// <summary>What a walk may have set since it read an entry.</summary>
    internal const ulong AccessedDirty = 0x60;

    /// <summary>All rights.</summary>
    internal const Rights EveryRight = Rights.Read | Rights.Write | Rights.User | Rights.Execute;

    /// <summary>The protection key of 4- and 5-level paging.</summary>
    internal const ulong KeyMask = 0xFUL << KeyShift;

    private const int KeyShift = 59;

    // From the frame in an entry to the frame in a translation.
    private const int FrameShift = 8;

    /// <summary>The protection key of a leaf; of modes without keys bits that no SPTE takes over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint KeyOf(ulong entry) => (uint)(entry >> KeyShift) & 0xF;

    /// <summary>What an entry of 8 bytes allows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Rights RightsOf(ulong entry) => (Rights)((entry & 7) | ((~entry >> 60) & 8));

    /// <summary>True if an entry is present and accessed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsUsable(ulong entry) => (entry & PresentAccessed) == PresentAccessed;

    /// <summary>
    /// What an entry of level 1 maps, for whom no access has asked: false unless it is present, accessed and well formed. A page that
    /// is clean is not writable: its first write must fault, so that the guest's dirty bit is set.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="role">The role of the page that shadows its table.</param>
    /// <param name="reserved">Reserved bits of such an entry.</param>
    /// <param name="gfn">The frame.</param>
    /// <param name="rights">What may be done to it.</param>
    /// <param name="key">Its protection key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryReadLeaf<TGuest>(ulong entry, PageRole role, ulong reserved, out ulong gfn, out Rights rights, out uint key)
        where TGuest : struct, IGuestTables
    {
        gfn = TGuest.PageOf(entry) >> 12;
        rights = role.Access & TGuest.RightsOf(1, entry);
        key = TGuest.KeyOf(entry);
#if !MMU_FAULT_78
        if (!TGuest.IsDirty(entry))
        {
            rights &= ~Rights.Write;
        }
#endif

        return TGuest.IsUsable(1, entry) && (entry & reserved) == 0 && !TGuest.HasBadRights(entry, role.ExecuteOnly) && !TGuest.IsBadLeaf(entry);
    }

    /// <inheritdoc cref="IGuestTables.Expected"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<ulong> Expected(Vector512<ulong> entries, Vector512<ulong> bad, PageRole role)
    {
#if MMU_FAULT_78
        Vector512<ulong> writable = entries & Vector512.Create(2UL);
#else
        Vector512<ulong> writable = entries & (entries >>> 5) & Vector512.Create(2UL);
#endif
        Vector512<ulong> rights = (entries & Vector512.Create(5UL)) | writable | (~entries >>> 60 & Vector512.Create(8UL));
        Vector512<ulong> valid = AreUsable(entries) & Vector512.Equals(entries & bad, Vector512<ulong>.Zero);
        return Packed(entries, rights, valid, role);
    }

    /// <summary>Translations of entries, from their rights; all bits set where they are not valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<ulong> Packed(Vector512<ulong> entries, Vector512<ulong> rights, Vector512<ulong> valid, PageRole role)
    {
        Vector512<ulong> frames = (entries & Vector512.Create(Spte.FrameMask)) >>> FrameShift;
#if MMU_FAULT_79
        frames &= Vector512<ulong>.Zero;
#endif
        return (frames | (rights & Vector512.Create((ulong)role.Access))) | ~valid;
    }

    /// <inheritdoc cref="IGuestTables.AreUsable"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<ulong> AreUsable(Vector512<ulong> entries)
    {
        Vector512<ulong> wanted = Vector512.Create(PresentAccessed);
        return Vector512.Equals(entries & wanted, wanted);
    }
}
