// Vmm: sizes for people.
using System.Collections.Generic;
using System.Globalization;

namespace Mmu.Vmm.Inspect;

/// <summary>Formats byte counts in binary units.</summary>
internal static class SizeText
{
    private const string Units = "KMGTPE";

    /// <summary>Returns the largest unit that keeps at least one whole part: "4K", "2M", "1.5G".</summary>
    public static string Of(ulong bytes)
    {
        double value = bytes / 1024.0;
        int unit = 0;
        for (; value >= 1024 && unit < Units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return value.ToString("0.#", CultureInfo.InvariantCulture) + Units[unit];
    }

    /// <summary>Returns the sizes in a sum of powers of two: "4K 2M".</summary>
    public static string OfEach(ulong sizes)
    {
        var parts = new List<string>();
        for (ulong rest = sizes; rest != 0; rest &= rest - 1)
        {
            parts.Add(Of(rest & (~rest + 1)));
        }

        return string.Join(' ', parts);
    }
}
