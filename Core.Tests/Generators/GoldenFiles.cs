// Tests: the checked-in copies of the generator's real output.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Mmu.Tests.Generators;

/// <summary>Copies of the generator's real output, in <c>Core.Tests/Generators/Golden</c>.</summary>
internal static class GoldenFiles
{
    private const string Suffix = ".txt";

    private static string Folder => RepositoryFiles.PathOf("Core.Tests/Generators/Golden");

    /// <summary>True if the copies are to be rewritten; refused where nobody would look at the difference.</summary>
    public static bool IsUpdate(string? update, string? ci)
    {
        bool wanted = update == "1";
        if (wanted && string.Equals(ci, "true", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException(
                "MMU_UPDATE_GOLDEN is set under CI: golden files are updated by people, who read the difference.");
        }

        return wanted;
    }

    /// <summary>All copies: hint name and text.</summary>
    public static SortedDictionary<string, string> Load()
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (Directory.Exists(Folder))
        {
            foreach (string path in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories))
            {
                string hintName = Path.GetRelativePath(Folder, path).Replace(Path.DirectorySeparatorChar, '/');
                bool isCopy = hintName.EndsWith(Suffix, StringComparison.Ordinal);
                files.Add(isCopy ? hintName[..^Suffix.Length] : hintName, File.ReadAllText(path));
            }
        }

        return files;
    }

    /// <summary>Makes the copies those of the given output, and no others.</summary>
    public static void Replace(IReadOnlyDictionary<string, string> output)
    {
        foreach (string stale in Load().Keys.Except(output.Keys))
        {
            File.Delete(PathOf(stale));
        }

        foreach ((string hintName, string text) in output)
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(PathOf(hintName))!);
            File.WriteAllText(PathOf(hintName), text);
        }
    }

    private static string PathOf(string hintName) => Path.Combine(Folder, hintName.Replace('/', Path.DirectorySeparatorChar) + Suffix);
}
