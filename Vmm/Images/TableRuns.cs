// Vmm: groups table pages into few enough runs. A VM has a limited number of slots, and the tables of a large guest lie scattered;
// gaps are then filled with zero pages, which no walk reaches or, if an entry names one that the image lacks, finds empty.
using System;
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Grouping of table pages into runs.</summary>
internal static class TableRuns
{
    /// <summary>The most runs made: adding a slot takes time in proportion to those there are.</summary>
    internal const int MaxRuns = 1 << 12;

    private const ulong MaxGap = 1 << 30;

    /// <summary>Returns first address and size of each run over <paramref name="tables"/>, ascending.</summary>
    /// <exception cref="InputException">The tables are too many and too far apart.</exception>
    public static List<(ulong Gpa, ulong Size)> Of(SortedSet<ulong> tables, int maxRuns = MaxRuns)
    {
        for (ulong gap = 0; gap <= MaxGap; gap = Math.Max(gap * 2, PageMath.PageSize))
        {
            List<(ulong Gpa, ulong Size)> runs = Group(tables, gap);
            if (runs.Count <= maxRuns)
            {
                return runs;
            }
        }

        throw new InputException($"{tables.Count} table pages lie too far apart to be walked");
    }

    private static List<(ulong Gpa, ulong Size)> Group(SortedSet<ulong> tables, ulong gap)
    {
        var runs = new List<(ulong Gpa, ulong Size)>();
        foreach (ulong gpa in tables)
        {
            if (runs.Count > 0 && gpa - (runs[^1].Gpa + runs[^1].Size) <= gap)
            {
                runs[^1] = (runs[^1].Gpa, gpa + PageMath.PageSize - runs[^1].Gpa);
            }
            else
            {
                runs.Add((gpa, PageMath.PageSize));
            }
        }

        return runs;
    }
}
