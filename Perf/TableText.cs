// Perf: tables in Markdown, aligned for the terminal too.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Mmu.Perf;

/// <summary>Lays out rows of cells.</summary>
internal static class TableText
{
    /// <summary>Appends a table whose first row is its heading; columns from <paramref name="rightFrom"/> on are aligned to the right.</summary>
    public static void Append(StringBuilder text, List<string[]> cells, int rightFrom)
    {
        int columns = cells[0].Length;
        int[] widths = [.. Enumerable.Range(0, columns).Select(c => cells.Max(row => row[c].Length))];
        for (int r = 0; r < cells.Count; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                string cell = cells[r][c];
                _ = text.Append("| ").Append(c >= rightFrom ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c])).Append(' ');
            }

            _ = text.Append("|\n");
            if (r == 0)
            {
                for (int c = 0; c < columns; c++)
                {
                    _ = text.Append("| ").Append('-', widths[c] - 1).Append(c >= rightFrom ? ':' : '-').Append(' ');
                }

                _ = text.Append("|\n");
            }
        }
    }

    /// <summary>A figure with two decimals, from 100 on with none; nothing for null.</summary>
    public static string F2(double? value) => value is { } v ? v.ToString(v < 100 ? "F2" : "F0", CultureInfo.InvariantCulture) : "";
}
