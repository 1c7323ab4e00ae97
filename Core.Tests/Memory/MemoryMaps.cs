// How the system has mapped an address of this process, from /proc/self/maps.
using System.Globalization;
using System.IO;

namespace Mmu.Tests.Memory;

internal static class MemoryMaps
{
    /// <summary>The permissions as the system prints them ("rw-p"), or null where nothing is mapped.</summary>
    internal static string? PermissionsOf(nuint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] words = line.Split(' ');
            string[] bounds = words[0].Split('-');
            if (address >= Parse(bounds[0]) && address < Parse(bounds[1]))
            {
                return words[1];
            }
        }

        return null;
    }

    private static nuint Parse(string hex) => nuint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
