// Perf: the page tables of a real kernel, from data/snapshots.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;

namespace Mmu.Perf;

/// <summary>The tables of a snapshot (data/snapshots/README.md) and the 4-KiB pages of its largest program.</summary>
internal sealed class KernelTables
{
    private const int PageBytes = 4096;
    private const int HeadBytes = 16;

    // QEMU sets it in the PDPTEs of PAE guests, where it is reserved.
    private const byte Accessed = 0x20;

    private readonly byte[] _pages;

    private KernelTables(string folder)
    {
        using GZipStream packed = new(File.OpenRead(Path.Combine(folder, "pagetables.bin.gz")), CompressionMode.Decompress);
        using MemoryStream pages = new();
        packed.CopyTo(pages);
        _pages = pages.ToArray();
        (Root, Gvas) = LargestProgram(Lines(Path.Combine(folder, "truth.txt.gz")));
    }

    /// <summary>CR3.</summary>
    public ulong Root { get; }

    /// <summary>Pages that the program may read and has read.</summary>
    public ulong[] Gvas { get; }

    /// <summary>All memory of the machine that was snapshot.</summary>
    public static ulong Limit => 128 << 20;

    public ulong TableBytes => (ulong)(_pages.Length - HeadBytes) / (PageBytes + sizeof(ulong)) * PageBytes;

    public static KernelTables Load(ModeShape mode)
    {
        string name = mode.Levels switch { 2 => "nonpae32", 3 => "pae32", 4 => "la48", _ => "la57" };
        return new KernelTables(Path.Combine(MachineFacts.RepositoryRoot(), "data", "snapshots", name));
    }

    /// <summary>Puts every table where it was.</summary>
    public unsafe void CopyTo(byte* memory, bool hasPdpteRegisters)
    {
        for (ReadOnlySpan<byte> rest = _pages.AsSpan(HeadBytes); !rest.IsEmpty; rest = rest[(sizeof(ulong) + PageBytes)..])
        {
            ulong at = BinaryPrimitives.ReadUInt64LittleEndian(rest);
            if (at + PageBytes > Limit)
            {
                throw new InvalidDataException($"A table lies at {at:x}, above the {Limit:x} bytes of the machine.");
            }

            rest.Slice(sizeof(ulong), PageBytes).CopyTo(new Span<byte>(memory + at, PageBytes));
        }

        for (int i = 0; i < 4 && hasPdpteRegisters; i++)
        {
            memory[Root + (ulong)(i * sizeof(ulong))] &= unchecked((byte)~Accessed);
        }
    }

    private static (ulong Root, ulong[] Gvas) LargestProgram(IEnumerable<string> lines)
    {
        Dictionary<ulong, List<ulong>> programs = [];
        List<ulong> current = [];
        foreach (string[] words in lines.Select(line => line.Split(' ')))
        {
            if (words[0] == "R")
            {
                current = programs[Hex(words[1]["cr3=".Length..])] = [];
            }
            else if (words[0] == "T" && IsSmallUserPage(words[3]))
            {
                current.Add(Hex(words[1]));
            }
        }

        (ulong root, List<ulong> gvas) = programs.MaxBy(p => p.Value.Count);
        return (root, [.. gvas]);
    }

    // Flags as QEMU prints them, "XGPDACTUW": large pages have a P, which no walker of the floor knows.
    private static bool IsSmallUserPage(string flags) => flags.Contains('U', StringComparison.Ordinal) && flags.Contains('A', StringComparison.Ordinal) && !flags.Contains('P', StringComparison.Ordinal);

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Lines(string path)
    {
        using StreamReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
