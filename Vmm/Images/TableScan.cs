// Vmm: finds the pages that hold the tables of a root, so that only they are loaded from a dump of any size, and counts them.
// No walker: it follows every present entry that could name a table, whatever its reserved bits and rights say. A page too
// many does no harm; what the tables mean is decided by Core alone.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>The table pages of one root.</summary>
internal sealed class TableScan
{
    private const ulong Present = 1;
    private const ulong LargePage = 1 << 7;
    private const ulong Cr4Pse = 1 << 4;
    private const ulong FrameMask64 = 0x000f_ffff_ffff_f000;
    private const ulong FrameMask32 = 0xffff_f000;
    private const ulong PaeRootMask = 0xffff_ffe0;
    private const int PaeRootBytes = 32;

    private readonly IPageSource _pages;
    private readonly PagingRoot _root;
    private readonly LevelCount[] _levels;
    private readonly HashSet<(ulong Gpa, int Level)> _seen = [];
    private readonly Stack<(ulong Gpa, int Level)> _pending = new();
    private readonly SortedSet<ulong> _tables = [];
    private readonly SortedSet<ulong> _missing = [];

    private TableScan(IPageSource pages, PagingRoot root)
    {
        _pages = pages;
        _root = root;
        _levels = new LevelCount[root.Levels];
    }

    /// <summary>Gets the pages that hold tables, ascending.</summary>
    public SortedSet<ulong> Tables => _tables;

    /// <summary>Gets the pages that an entry names as a table but the image does not hold, ascending.</summary>
    public SortedSet<ulong> Missing => _missing;

    /// <summary>Gets the counts, level 1 first.</summary>
    public IReadOnlyList<LevelCount> Levels => _levels;

    /// <summary>Scans the tables that <paramref name="root"/> reaches in <paramref name="pages"/>.</summary>
    /// <exception cref="InputException">The image cannot be read.</exception>
    public static TableScan Run(IPageSource pages, PagingRoot root)
    {
        var scan = new TableScan(pages, root);
        if (root.Levels > 0)
        {
            scan.Push(root.Cr3 & RootMask(root.Levels), root.Levels);
        }

        // Each (page, level) once: tables that point at themselves or at each other end the scan all the same.
        var page = new byte[PageMath.PageSize];
        while (scan._pending.TryPop(out (ulong Gpa, int Level) table))
        {
            scan.Visit(table.Gpa, table.Level, page);
        }

        return scan;
    }

    private static ulong RootMask(int levels) => levels switch
    {
        2 => FrameMask32,
        3 => PaeRootMask,
        _ => FrameMask64,
    };

    private void Push(ulong gpa, int level)
    {
        if (_seen.Add((gpa, level)))
        {
            _pending.Push((gpa, level));
        }
    }

    private void Visit(ulong gpa, int level, byte[] page)
    {
        ulong pageGpa = gpa & ~PageMath.OffsetMask;
        if (!_pages.TryReadPage(pageGpa, page))
        {
            _ = _missing.Add(pageGpa);
            return;
        }

        _ = _tables.Add(pageGpa);
        ReadOnlySpan<byte> table = page;
        if (_root.Levels == 3 && level == 3)
        {
            table = page.AsSpan((int)(gpa - pageGpa), PaeRootBytes);
        }

        int entryBytes = _root.Levels == 2 ? 4 : 8;
        long entries = 0;
        long leaves = 0;
        for (; !table.IsEmpty; table = table[entryBytes..])
        {
            ulong entry = entryBytes == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(table) : BinaryPrimitives.ReadUInt64LittleEndian(table);
            if ((entry & Present) == 0)
            {
                continue;
            }

            entries++;
            if (IsLeaf(entry, level))
            {
                leaves++;
            }
            else
            {
                Push(entry & (entryBytes == 4 ? FrameMask32 : FrameMask64), level - 1);
            }
        }

        LevelCount count = _levels[level - 1];
        _levels[level - 1] = new LevelCount(count.Tables + 1, count.Entries + entries, count.Leaves + leaves);
    }

    private bool IsLeaf(ulong entry, int level)
    {
        bool large = (entry & LargePage) != 0;
        return level switch
        {
            1 => true,
            2 => large && (_root.Levels > 2 || (_root.Cr4 & Cr4Pse) != 0),
            3 => large && _root.Levels > 3,
            _ => false,
        };
    }
}
