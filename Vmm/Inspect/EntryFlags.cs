// Vmm: the flags of a leaf entry in the order QEMU's `info tlb` prints them.
using Mmu.Architecture;

namespace Mmu.Vmm.Inspect;

/// <summary>Formats entries and rights.</summary>
internal static class EntryFlags
{
    private const string Letters = "XGPDACTUW";

    // Bit of each letter; P is the large-page bit, which on a 4 KiB page means PAT and is not shown.
    private static readonly int[] _bits = [63, 8, 7, 6, 5, 4, 3, 2, 1];

    /// <summary>Returns the nine flags X G P D A C T U W of a leaf <paramref name="entry"/>, '-' where clear.</summary>
    public static string OfLeaf(ulong entry, bool large) => Format(large ? entry : entry & ~(1UL << 7));

    /// <summary>Returns the nine flags of an entry that names a table.</summary>
    public static string Format(ulong entry) => string.Create(Letters.Length, entry, static (text, value) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (value >> _bits[i] & 1) != 0 ? Letters[i] : '-';
        }
    });

    /// <summary>Returns "urw" as QEMU's `info mem` prints it: '-' for what is not allowed.</summary>
    public static string InfoMem(Rights rights) =>
        $"{((rights & Rights.User) != 0 ? 'u' : '-')}r{((rights & Rights.Write) != 0 ? 'w' : '-')}";

    /// <summary>Returns "urwx", '-' for what is not allowed.</summary>
    public static string Full(Rights rights) => InfoMem(rights) + ((rights & Rights.Execute) != 0 ? 'x' : '-');
}
