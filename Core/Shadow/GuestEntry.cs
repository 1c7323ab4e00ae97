// Shadow: what the Shadow MMU reads out of a guest's entries, which is the same in all legacy modes.
using System.Runtime.CompilerServices;
using Mmu.Architecture;

namespace Mmu.Shadow;

/// <summary>Bits of a guest's entries, and what an entry of level 1 stands for.</summary>
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

    /// <summary>The protection key of 4- and 5-level paging.</summary>
    internal const ulong KeyMask = 0xFUL << KeyShift;

    private const int KeyShift = 59;

    /// <summary>The protection key of a leaf; of modes without keys bits that no SPTE takes over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint KeyOf(ulong entry) => (uint)(entry >> KeyShift) & 0xF;

    /// <summary>
    /// What an entry of level 1 maps, for whom no access has asked: false unless it is present, accessed and free of reserved bits. A page that
    /// is clean is not writable: its first write must fault, so that the guest's dirty bit is set.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="above">What the tables above it allow.</param>
    /// <param name="reserved">Reserved bits of such an entry.</param>
    /// <param name="gfn">The frame.</param>
    /// <param name="rights">What may be done to it.</param>
    /// <param name="key">Its protection key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryReadLeaf<TGuest>(ulong entry, Rights above, ulong reserved, out ulong gfn, out Rights rights, out uint key)
        where TGuest : struct, IGuestTables
    {
        gfn = TGuest.PageOf(entry) >> 12;
        rights = above & TGuest.RightsOf(entry);
        key = KeyOf(entry);
#if !MMU_FAULT_78
        if ((entry & Dirty) == 0)
        {
            rights &= ~Rights.Write;
        }
#endif

        return (entry & (PresentAccessed | reserved)) == PresentAccessed;
    }
}
