// Conformance: builds the tables of a second dimension, one page per table, as mappings are added.
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed class SecondTables
{
    private readonly MatrixImage _image;
    private readonly SecondFormat _format;
    private readonly Dictionary<(int Level, ulong Index), MatrixEntry> _entries = [];
    private ulong _nextTable;

    public SecondTables(MatrixImage image, SecondFormat format, ulong firstTable)
    {
        _image = image;
        _format = format;
        Root = firstTable;
        _nextTable = firstTable + 0x1000;
    }

    public ulong Root { get; }

    public bool IsEpt => _format is SecondFormat.Ept4 or SecondFormat.Ept5;

    public int Levels => _format switch
    {
        SecondFormat.Ept5 or SecondFormat.Npt5 => 5,
        SecondFormat.Ept4 or SecondFormat.Npt4 => 4,
        SecondFormat.NptPae => 3,
        _ => 2,
    };

    public int EntryBytes => _format == SecondFormat.Npt32 ? 4 : 8;

    // The widest address that the format translates, in bits.
    public int AddressBits => Levels switch { 5 => 57, 4 => 48, _ => 32 };

    public int ShiftAt(int level) => _format == SecondFormat.Npt32 ? 2 + (10 * level) : 3 + (9 * level);

    // Maps the page of a leaf of the given level; returns the entries of the path, by level.
    public MatrixEntry[] Map(ulong gpa, ulong hpa, int leafLevel)
    {
        var path = new MatrixEntry[6];
        ulong table = Root;
        for (int level = Levels; level >= leafLevel; level--)
        {
            ulong prefix = gpa >> ShiftAt(level);
            if (!_entries.TryGetValue((level, prefix), out MatrixEntry? entry))
            {
                ulong index = _format == SecondFormat.Npt32 ? prefix & 1023 : prefix & 511;
                ulong value = level == leafLevel ? LeafValue(level, hpa) : NewTable(level);
                entry = _image.AddEntry(table + (index * (ulong)EntryBytes), EntryBytes, value);
                _entries.Add((level, prefix), entry);
            }

            path[level] = entry;
            table = Bits.Keep(entry.Value, 51, 12);
        }

        return path;
    }

    private ulong LeafValue(int level, ulong hpa)
    {
        ulong frame = (hpa >> ShiftAt(level)) << ShiftAt(level);
        ulong large = level > 1 ? 1UL << 7 : 0;
        return frame | large | (IsEpt ? 7UL | (6 << 3) : DirectScene.Open);
    }

    private ulong NewTable(int level)
    {
        ulong table = _nextTable;
        _nextTable += 0x1000;
        ulong rights = IsEpt ? 7 : _format == SecondFormat.NptPae && level == 3 ? 1 : DirectScene.Open;
        return table | rights;
    }
}
