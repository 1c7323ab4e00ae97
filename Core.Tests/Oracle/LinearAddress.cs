// Oracle: what becomes of a linear address before any table is read.
namespace Mmu.Tests.Oracle;

internal static class LinearAddress
{
    // False: not canonical. Intel SDM "Linear-Address Masking" and "Canonical Addressing".
    public static bool TryPrepare(OracleCpu cpu, OracleMode mode, OracleAccess access, ref ulong address)
    {
        if (mode is OracleMode.Off or OracleMode.Bits32 or OracleMode.Pae)
        {
            address = Bits.Keep(address, 31, 0);
            return true;
        }

        bool la57 = mode == OracleMode.Level5;
        if (cpu.HasLam && access.Kind != OracleKind.Fetch && !access.Implicit && !TryMask(cpu, la57, ref address))
        {
            return false;
        }

        int signBit = la57 ? 56 : 47;
        ulong upper = Bits.Field(address, 63, signBit);
        return upper == 0 || upper == Bits.Field(ulong.MaxValue, 63, signBit);
    }

    // False: the highest bit that masking leaves in place differs from bit 63.
    private static bool TryMask(OracleCpu cpu, bool la57, ref ulong address)
    {
        if (Bits.Has(address, 63))
        {
            if (!Bits.Has(cpu.Cr4, 28))
            {
                return true;
            }

            return TryReplace(ref address, 62, la57 ? 57 : 48);
        }

        if (Bits.Has(cpu.Cr3, 61))
        {
            return TryReplace(ref address, 62, 57);
        }

        return !Bits.Has(cpu.Cr3, 62) || TryReplace(ref address, 62, 48);
    }

    // Bits high..low take the value of bit 63.
    private static bool TryReplace(ref ulong address, int high, int low)
    {
        bool sign = Bits.Has(address, 63);
        for (int bit = low; bit <= high; bit++)
        {
            address = sign ? address | (1UL << bit) : address & ~(1UL << bit);
        }

        return Bits.Has(address, low - 1) == sign;
    }
}
