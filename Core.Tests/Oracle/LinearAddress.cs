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
        if (cpu.HasLam && access.Kind != OracleKind.Fetch && !access.Implicit)
        {
            address = Mask(cpu, la57, address);
        }

        int signBit = la57 ? 56 : 47;
        ulong upper = Bits.Field(address, 63, signBit);
        return upper == 0 || upper == Bits.Field(ulong.MaxValue, 63, signBit);
    }

    private static ulong Mask(OracleCpu cpu, bool la57, ulong address)
    {
        if (Bits.Has(address, 63))
        {
            if (!Bits.Has(cpu.Cr4, 28))
            {
                return address;
            }

            return la57 ? Replace(address, 62, 57) : Replace(address, 62, 48);
        }

        if (Bits.Has(cpu.Cr3, 61))
        {
            return Replace(address, 62, 57);
        }

        return Bits.Has(cpu.Cr3, 62) ? Replace(address, 62, 48) : address;
    }

    // Bits high..low take the value of bit 63, provided the highest bit that stays has that value too.
    private static ulong Replace(ulong address, int high, int low)
    {
        bool sign = Bits.Has(address, 63);
        if (Bits.Has(address, low - 1) != sign)
        {
            return address;
        }

        for (int bit = low; bit <= high; bit++)
        {
            address = sign ? address | (1UL << bit) : address & ~(1UL << bit);
        }

        return address;
    }
}
