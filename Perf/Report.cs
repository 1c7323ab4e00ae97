// Perf: tables of a comparison, for the terminal and for docs/perf/walk.md.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace Mmu.Perf;

/// <summary>Lays out measurements: one table a mode, then the goals.</summary>
internal sealed class Report(IReadOnlyList<Measurement> measurements, string peers)
{
    /// <summary>The checkout this program runs in: the nearest folder upward that holds the solution.</summary>
    public static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mmu.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("Run --write inside a checkout: no folder above this one holds Mmu.sln.");
    }

    public string Text()
    {
        StringBuilder text = new();
        foreach (IGrouping<string, Measurement> mode in measurements.GroupBy(m => m.Mode))
        {
            _ = text.Append('\n').Append(mode.Key).Append('\n');
            AppendTable(text, mode);
        }

        _ = text.Append("\ngoals\n");
        AppendGoals(text);
        return text.ToString();
    }

    public string Markdown()
    {
        StringBuilder text = new("# Speed of a walk\n\nWritten by `Perf -- compare --write`; [method.md](method.md) says how it is measured.\n\n");
        foreach (string line in Environment())
        {
            _ = text.Append("* ").Append(line).Append('\n');
        }

        _ = text.Append("\n## Goals\n\n");
        AppendGoals(text);
        foreach (IGrouping<string, Measurement> mode in measurements.GroupBy(m => m.Mode))
        {
            _ = text.Append("\n## ").Append(mode.Key).Append("\n\n");
            AppendTable(text, mode);
        }

        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, IEnumerable<Measurement> rows)
    {
        List<string[]> cells = [["set", "kind", "walker", "ns", "10–90 %", "× floor", "× C walk", "bytes", "state"]];
        cells.AddRange(rows.Select(m => new[]
        {
            m.Set, Lower(m.Kind), m.Name, F2(m.Ns), $"{F2(m.Low)}–{F2(m.High)}", F2(m.ToFloor), F2(m.ToWalk), m.Bytes.ToString(CultureInfo.InvariantCulture), m.Quiet ? "quiet" : "busy",
        }));
        AppendCells(text, cells, rightFrom: 3);
    }

    private void AppendGoals(StringBuilder text)
    {
        List<string[]> cells = [["mode", "goal", "bound", "measured", "met"]];
        cells.AddRange(Goal.Judge(measurements).Select(g => new[]
        {
            g.Mode, g.What, (g.AtLeast ? "≥ " : "≤ ") + F2(g.Bound), F2(g.Value), g.Met ? "yes" : "NO",
        }));
        AppendCells(text, cells, rightFrom: 2);
    }

    private static void AppendCells(StringBuilder text, List<string[]> cells, int rightFrom)
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

    private IEnumerable<string> Environment()
    {
        string cpu = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "?"
            : "?";
        yield return $"Machine: {cpu}, {System.Environment.ProcessorCount} logical CPUs, {RuntimeInformation.OSDescription}";
        yield return $"SDK {Tool.Run("dotnet", "--version")}, {RuntimeInformation.FrameworkDescription}";
        yield return $"C: {peers}";
        yield return $"Commit: {Tool.Run("git", "rev-parse", "--short", "HEAD") ?? "?"}";
        yield return $"Chunks of {WorkingSet.ChunkWalks} walks, median of {measurements.Min(m => m.Chunks)}–{measurements.Max(m => m.Chunks)} each";
    }

    private static string Lower(MeasureKind kind) => kind switch
    {
        MeasureKind.Dependent => "dependent",
        MeasureKind.Independent => "independent",
        MeasureKind.Batch => "batch",
        _ => "write",
    };

    private static string F2(double? value) => value is { } v ? v.ToString(v < 100 ? "F2" : "F0", CultureInfo.InvariantCulture) : "";
}
