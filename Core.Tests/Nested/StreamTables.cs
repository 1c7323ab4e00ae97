// Nested judge: L1's tables under a stream, with the values that their entries have had.
using System;
using System.Collections.Generic;
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Nested;

/// <summary>
/// Two roots, over three tables of level 3, three of level 2 and three of level 1, which entries name at random. Accessed and dirty bits count
/// as part of an entry.
/// </summary>
internal sealed class StreamTables
{
    internal const ulong Data = 0x10_0000;
    internal const int DataPages = 8;
    internal const int Entries = 4;
    internal const ulong FrameMask = 0x000F_FFFF_FFFF_F000;
    private const int Tables = 3;

    private readonly L2Scene _scene;
    private readonly SeededRandom _random;
    private readonly ulong _open;
    private readonly ulong _leafType;
    private readonly List<ulong>[] _tables = [[], [], []];
    private readonly List<ulong> _entries = [];
    private readonly Dictionary<ulong, int> _levels = [];
    private readonly Dictionary<ulong, List<(long Time, ulong Value)>> _history = [];

    internal StreamTables(L2Scene scene, SeededRandom random)
    {
        _scene = scene;
        _random = random;
        _open = scene.IsEpt ? L2Scene.EptOpen : L2Scene.NptOpen;
        _leafType = scene.IsEpt ? L2Scene.EptWriteBack : 0;
        Roots = [scene.Root, scene.NewTable()];
        for (int level = 3; level >= 1; level--)
        {
            for (int i = 0; i < Tables; i++)
            {
                Of(level).Add(_scene.NewTable());
            }
        }

        foreach (ulong root in Roots)
        {
            Fill(root, 4, 2);
        }

        for (int level = 3; level >= 1; level--)
        {
            foreach (ulong table in Of(level))
            {
                Fill(table, level, level == 3 ? 2 : Entries);
            }
        }
    }

    internal ulong[] Roots { get; }

    /// <summary>The time at which values are noted.</summary>
    internal long Now { get; set; }

    internal ulong RandomEntry() => _entries[_random.Next(_entries.Count)];

    internal int LevelOf(ulong entry) => _levels[entry];

    /// <summary>Something sensible for an entry of a level.</summary>
    internal ulong Shape(int level, bool huge)
    {
        if (level == 1)
        {
            return RandomPage() | _open | _leafType;
        }

        return huge
            ? _open | L2Scene.Large | _leafType
            : Of(level - 1)[_random.Next(Tables)] | _open;
    }

    internal ulong RandomPage() => Data + ((ulong)_random.Next(DataPages) << 12);

    /// <summary>Notes what an entry is now.</summary>
    internal void Note(ulong entry)
    {
        if (!_history.TryGetValue(entry, out List<(long, ulong)>? values))
        {
            values = [];
            _history.Add(entry, values);
        }

        values.Add((Now, _scene.Word(entry)));
    }

    /// <summary>Notes the marks that the processor or the walker has set.</summary>
    internal void NoteMarks()
    {
        foreach (ulong entry in _entries)
        {
            if (_history[entry][^1].Value != _scene.Word(entry))
            {
                Note(entry);
            }
        }
    }

    /// <summary>Forgets what no entry has been since a time.</summary>
    internal void Forget(long oldest)
    {
        foreach (List<(long Time, ulong Value)> values in _history.Values)
        {
            int keep = values.FindLastIndex(value => value.Time <= oldest);
            if (keep > 0)
            {
                values.RemoveRange(0, keep);
            }
        }
    }

    /// <summary>Some choice of values, each of since a time, leads to the page and allows the access.</summary>
    internal bool MayReach(ulong root, long since, ulong address, OracleKind kind, ulong gpa) => MayReach(root, 4, since, address, kind, gpa);

    private bool MayReach(ulong table, int level, long since, ulong address, OracleKind kind, ulong gpa)
    {
        ulong entry = table + (((address >> (3 + (9 * level))) & 511) * 8);
        if (!_history.TryGetValue(entry, out List<(long Time, ulong Value)>? values))
        {
            return false;
        }

        int first = Math.Max(values.FindLastIndex(value => value.Time <= since), 0);
        for (int i = first; i < values.Count; i++)
        {
            ulong value = values[i].Value;
            if (!Allows(value, kind))
            {
                continue;
            }

            bool leaf = level == 1 || (level == 2 && (value & L2Scene.Large) != 0);
            ulong mask = (1UL << (3 + (9 * level))) - 1;
            if (leaf ? (value & FrameMask & ~mask) + (address & mask) == gpa : MayReach(value & FrameMask, level - 1, since, address, kind, gpa))
            {
                return true;
            }
        }

        return false;
    }

    private bool Allows(ulong value, OracleKind kind) => kind switch
    {
        OracleKind.Read => _scene.IsEpt ? (value & 1) != 0 : (value & 5) == 5,
        OracleKind.Write => _scene.IsEpt ? (value & 3) == 3 : (value & 7) == 7,
        _ => _scene.IsEpt ? (value & 4) != 0 : (value & 5) == 5,
    };

    private List<ulong> Of(int level) => _tables[level - 1];

    private void Fill(ulong table, int level, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ulong entry = table + ((ulong)i * 8);
            _entries.Add(entry);
            _levels[entry] = level;
            _scene.Word(entry) = Shape(level, huge: false);
            Note(entry);
        }
    }
}
