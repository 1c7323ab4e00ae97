// Generators: masks from bit numbers.
namespace Mmu.Generators.Model;

/// <summary>Masks from bit numbers.</summary>
internal static class BitMask
{
    /// <summary>Bits <paramref name="low"/> to <paramref name="high"/>, both included; 0 if <paramref name="high"/> is below.</summary>
    public static ulong Of(int low, int high) => high < low ? 0 : (ulong.MaxValue >> (63 - high)) & (ulong.MaxValue << low);
}
