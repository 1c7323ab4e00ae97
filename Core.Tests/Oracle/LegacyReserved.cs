// Oracle: reserved bits of legacy entries (Intel SDM "Reserved Bits" of each paging mode; AMD APM "Long-Mode Page Translation").
using System;

namespace Mmu.Tests.Oracle;

internal static class LegacyReserved
{
    public static bool IsLeaf(OracleCpu cpu, OracleMode mode, int level, ulong entry)
    {
        if (level == 1)
        {
            return true;
        }

        bool bit7 = Bits.Has(entry, 7);
        return mode switch
        {
            OracleMode.Bits32 => bit7 && Bits.Has(cpu.Cr4, 4),
            OracleMode.Pae => bit7,
            _ => bit7 && (level == 2 || (level == 3 && cpu.Has1G)),
        };
    }

    public static bool IsReserved(OracleCpu cpu, OracleMode mode, int level, ulong entry)
    {
        switch (mode)
        {
            case OracleMode.Bits32:
                return IsLeaf(cpu, mode, level, entry) && level == 2 && Is4MReserved(cpu, entry);
            case OracleMode.Pae:
                if (Bits.AnyOf(entry, 62, cpu.MaxPhyAddr))
                {
                    return true;
                }

                break;
            default:
                if (Bits.AnyOf(entry, 51, cpu.MaxPhyAddr))
                {
                    return true;
                }

                break;
        }

        if (Bits.Has(entry, 63) && !Bits.Has(cpu.Efer, 11))
        {
            return true;
        }

        if (level >= 4)
        {
            return Bits.Has(entry, 7) || (cpu.Vendor == OracleVendor.Amd && Bits.Has(entry, 8));
        }

        if (level == 3)
        {
            return Bits.Has(entry, 7) && (!cpu.Has1G || Bits.AnyOf(entry, 29, 13));
        }

        return level == 2 && Bits.Has(entry, 7) && Bits.AnyOf(entry, 20, 13);
    }

    // Intel SDM "PAE Paging": the checks made when the PDPTE registers are loaded; a not-present one may hold anything.
    public static bool IsPdpteReserved(int maxPhyAddr, ulong entry) =>
        Bits.AnyOf(entry, 63, maxPhyAddr) || Bits.AnyOf(entry, 8, 5) || Bits.AnyOf(entry, 2, 1);

    private static bool Is4MReserved(OracleCpu cpu, ulong entry)
    {
        if (!cpu.HasPse36)
        {
            return Bits.AnyOf(entry, 21, 13);
        }

        // Bits M-20:13 are physical-address bits M-1:32; the rest up to 20, and 21, are reserved.
        int m = Math.Min(cpu.MaxPhyAddr, 40);
        return Bits.AnyOf(entry, 21, m - 19);
    }
}
