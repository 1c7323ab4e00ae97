// Oracle: bit tests by the bit numbers that the manuals print.
namespace Mmu.Tests.Oracle;

internal static class Bits
{
    public static bool Has(ulong value, int bit) => ((value >> bit) & 1) != 0;

    // Bits high..low, both included; an empty range (high below low) is 0.
    public static ulong Field(ulong value, int high, int low)
    {
        if (high < low)
        {
            return 0;
        }

        ulong shifted = value >> low;
        int count = high - low + 1;
        return count == 64 ? shifted : shifted & ((1UL << count) - 1);
    }

    public static bool AnyOf(ulong value, int high, int low) => Field(value, high, low) != 0;

    // The value with bits high..low kept in place and all others cleared.
    public static ulong Keep(ulong value, int high, int low) => Field(value, high, low) << low;
}
