// Native: names in C.
using System;
using System.Text;

namespace Mmu.Native;

/// <summary>Makes names as C programs see them.</summary>
internal static class CName
{
    /// <summary>The name of an enumeration's constant: MMU_ERROR_BUSY of Status.ErrorBusy.</summary>
    internal static string OfConstant(string typeName, string member)
    {
        // A status is so common that its constants go without the type's name.
        string prefix = typeName == "mmu_status" ? "mmu" : typeName;
        return $"{prefix}_{Snake(member)}".ToUpperInvariant();
    }

    /// <summary>Turns StructSize into struct_size.</summary>
    internal static string Snake(string name)
    {
        // A unit is one word.
        name = name.Replace("GiB", "Gib", StringComparison.Ordinal);
        StringBuilder text = new();
        for (int i = 0; i < name.Length; i++)
        {
            bool startsWord = char.IsUpper(name[i]) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord && !char.IsDigit(name[i - 1]))
            {
                _ = text.Append('_');
            }

            _ = text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
