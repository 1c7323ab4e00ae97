// TDP judge: what a processor reads in an entry. Written from Intel SDM "EPT Paging-Structure Entries" and AMD APM "Nested Paging".
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp;

internal static class EntryRules
{
    private const int ReadBit = 0;
    private const int WriteBit = 1;
    private const int ExecuteBit = 2;
    private const int UserBit = 2;
    private const int LargeBit = 7;
    private const int NoExecuteBit = 63;

    internal static int AccessedBit(EntryFormat format) => format == EntryFormat.Npt ? 5 : 8;

    internal static int DirtyBit(EntryFormat format) => format == EntryFormat.Npt ? 6 : 9;

    internal static bool SetsMarks(EntryFormat format) => format != EntryFormat.EptNoMarks;

    /// <summary>True if the entry names something: EPT with any right, NPT with P.</summary>
    internal static bool IsPresent(EntryFormat format, ulong entry) => format == EntryFormat.Npt ? Bits.Has(entry, 0) : Bits.AnyOf(entry, 2, 0);

    internal static bool IsLeaf(ulong entry, int level) => level == 1 || (level <= 3 && Bits.Has(entry, LargeBit));

    internal static bool Reads(EntryFormat format, ulong entry) => format == EntryFormat.Npt ? Bits.Has(entry, UserBit) : Bits.Has(entry, ReadBit);

    internal static bool Writes(EntryFormat format, ulong entry) => Bits.Has(entry, WriteBit) && (format != EntryFormat.Npt || Bits.Has(entry, UserBit));

    internal static bool Executes(EntryFormat format, ulong entry) =>
        format == EntryFormat.Npt ? Bits.Has(entry, UserBit) && !Bits.Has(entry, NoExecuteBit) : Bits.Has(entry, ExecuteBit);

    /// <summary>True if a present entry cannot be: it ends the walk as a misconfiguration.</summary>
    internal static bool IsMalformed(EntryFormat format, ulong entry, int level, int maxPhyAddr, bool executeOnly)
    {
        bool leaf = IsLeaf(entry, level);
        if (Bits.AnyOf(entry, 51, maxPhyAddr) || (leaf && level > 1 && Bits.AnyOf(entry, level == 3 ? 29 : 20, format == EntryFormat.Npt ? 13 : 12)))
        {
            return true;
        }

        if (format == EntryFormat.Npt)
        {
            // AMD reserves bits 8:7 of the levels above 3.
            return level > 3 && Bits.AnyOf(entry, 8, 7);
        }

        ulong rights = Bits.Field(entry, 2, 0);
        bool badRights = rights is 0b010 or 0b110 || (rights == 0b100 && !executeOnly);
        bool badType = leaf && Bits.Field(entry, 5, 3) is 2 or 3 or 7;
        return badRights || badType || (!leaf && Bits.AnyOf(entry, level > 3 ? 7 : 6, 3));
    }

    /// <summary>The code of a fault: an exit qualification (Intel SDM "Exit Qualification for EPT Violations") or AMD's error code.</summary>
    /// <param name="format">The format.</param>
    /// <param name="access">The access.</param>
    /// <param name="rights">What the path so far allows, as bits 2:0 of EPT; NPT: not 0 if it is present.</param>
    /// <param name="reserved">Reserved bits were found.</param>
    internal static ulong CodeOf(EntryFormat format, GpaAccess access, ulong rights, bool reserved)
    {
        bool write = access.Writes(format);
        bool fetch = access.Kind == OracleKind.Fetch;
        if (format == EntryFormat.Npt)
        {
            return (rights != 0 || reserved ? 1UL : 0) | (write ? 2UL : 0) | 4 | (reserved ? 8UL : 0) | (fetch ? 16UL : 0)
                | (access.PageWalk ? 1UL << 33 : 1UL << 32);
        }

        bool read = access.Kind == OracleKind.Read;
        return (read ? 1UL : 0) | (write ? 2UL : 0) | (fetch ? 4UL : 0) | (rights << 3) | (1UL << 7) | (access.PageWalk ? 0 : 1UL << 8);
    }
}
