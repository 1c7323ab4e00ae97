// Generators: numbers as C# source, independent of the machine's culture.
using System.Globalization;

namespace Mmu.Generators.Emission;

/// <summary>Numbers as C# source.</summary>
internal static class Literal
{
    /// <summary>A <see langword="ulong"/> in hexadecimal, its digits in groups of four.</summary>
    public static string Hex(ulong value)
    {
        string digits = value.ToString("X16", CultureInfo.InvariantCulture);
        return $"0x{digits.Substring(0, 4)}_{digits.Substring(4, 4)}_{digits.Substring(8, 4)}_{digits.Substring(12, 4)}UL";
    }

    /// <summary>An <see langword="int"/>.</summary>
    public static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
