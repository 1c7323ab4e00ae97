// Sptes: what the entries of all formats have in common.
using System.Runtime.CompilerServices;

namespace Mmu.Sptes;

/// <summary>What SPTEs of all formats have in common.</summary>
internal static class Spte
{
    /// <summary>Bit 11, ignored by every CPU: the entry maps a page or names a table.</summary>
    public const ulong MmuPresent = 1UL << 11;

    /// <summary>An entry that says nothing. Not zero: bit 63 keeps EPT from turning it into a #VE.</summary>
    public const ulong Empty = 1UL << 63;

    /// <summary>An entry that its updater holds. It allows nothing, has no frame and matches no MMIO mark.</summary>
#if MMU_FAULT_53
    public const ulong Frozen = 0x1A6;
#else
    public const ulong Frozen = 0x1A0 | (1UL << 63);
#endif

    /// <summary>Bits 51:12: the frame, with the encryption bit among them.</summary>
    public const ulong FrameMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Bits in which two entries of one level agree if both are present and map or name the same.</summary>
    public const ulong SamePlace = FrameMask | MmuPresent | Large;

    private const ulong Large = 1UL << 7;

    /// <summary>True if the entry maps a page or names a table; empty, frozen and MMIO entries do not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPresent(ulong spte) => (spte & MmuPresent) != 0;

    /// <summary>True if the entry says nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsEmpty(ulong spte) => spte == Empty;

    /// <summary>True if a present entry at <paramref name="level"/> maps a page larger than 4 KiB.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLarge(ulong spte, int level) => level > 1 && (spte & Large) != 0;

    /// <summary>True if a present entry at <paramref name="level"/> maps a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLeaf(ulong spte, int level) => level == 1 || (spte & Large) != 0;

    /// <summary>Host physical address of the page or table that a present entry names, without the encryption bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FrameOf(SpteHost host, ulong spte) => spte & host.FrameMask;

    /// <summary>
    /// One of the four entries that a PAE root holds. It carries no rights: Intel SDM "PDPTE Registers" reserves their bits, unlike those
    /// of every other table.
    /// </summary>
    public static ulong MakePaeRoot(SpteHost host, ulong frame) => frame | host.EncryptionBit | MmuPresent | 1;
}
