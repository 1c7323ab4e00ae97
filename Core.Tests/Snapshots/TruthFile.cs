// Snapshot tests: parser of truth.txt.gz. Strict, so that a line it does not understand fails a test instead of being skipped.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;

namespace Mmu.Tests.Snapshots;

/// <summary>Reader of truth files.</summary>
internal static class TruthFile
{
    /// <summary>Reads all roots of the truth file at <paramref name="path"/>.</summary>
    public static IReadOnlyList<TruthRoot> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        var roots = new List<TruthRoot>();
        while (reader.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            switch (words[0], words.Length)
            {
                case ("R", >= 6):
                    roots.Add(new TruthRoot(
                        Register(words[1], "cr3="),
                        Register(words[2], "cr0="),
                        Register(words[3], "cr4="),
                        Register(words[4], "efer="),
                        words[5]));
                    break;
                case ("T", 4):
                    roots[^1].Pages.Add((Hex(words[1]), Hex(words[2]), words[3]));
                    break;
                case ("M", 4):
                    roots[^1].Ranges.Add((Hex(words[1]), Hex(words[2]), words[3]));
                    break;
                case ("G", 3):
                    roots[^1].Translations.Add((Hex(words[1]), words[2] == "-" ? null : Hex(words[2])));
                    break;
                case ("K", 3):
                    roots[^1].SharedUpperHalf = (Hex(words[1]), int.Parse(words[2], CultureInfo.InvariantCulture));
                    break;
                default:
                    throw new FormatException($"{path}: not a truth line: {line}");
            }
        }

        return roots;
    }

    private static ulong Register(string word, string name) => word.StartsWith(name, StringComparison.Ordinal)
        ? Hex(word[name.Length..])
        : throw new FormatException($"expected {name} but found {word}");

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
