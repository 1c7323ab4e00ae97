// Perf: tables of a comparison, for the terminal and for docs/perf/walk.md.
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace Mmu.Perf;

/// <summary>Lays out measurements: one table a mode, then the goals.</summary>
internal sealed class Report(IReadOnlyList<Measurement> measurements, string peers)
{
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
        foreach (string line in MachineFacts.Lines(peers).Append(Chunks()))
        {
            _ = text.Append("* ").Append(line).Append('\n');
        }

        _ = text.Append("\n## Goals\n\n");
        AppendGoals(text);
        foreach (IGrouping<string, Measurement> mode in measurements.GroupBy(m => m.Mode))
        {
            _ = text.Append("\n## ").Append(mode.Key).Append("\n\n![Bars](walk-").Append(mode.Key).Append(".svg)\n\n");
            AppendTable(text, mode);
        }

        return text.ToString();
    }

    /// <summary>Writes a chart of each mode: the sets whose tables are in the caches nearest to the core.</summary>
    public void SaveCharts(string folder)
    {
        string[] walkers = [Competitor.Core, Competitor.CoreSlots, Competitor.CWalk, Competitor.Generic, Competitor.Floor];
        IEnumerable<Measurement> shown = measurements.Where(m => walkers.Contains(m.Name) && (m.Set is "hot" or WorkingSet.LinuxSet or "m64"));
        foreach (IGrouping<string, Measurement> mode in shown.GroupBy(m => m.Mode))
        {
            BarChart.Save(
                Path.Combine(folder, $"walk-{mode.Key}.svg"), $"A walk, {mode.Key}: ns", [.. mode.Select(m => new BarChart.Bar($"{m.Set}, {Lower(m.Kind)}", m.Name, m.Ns))]);
        }
    }

    private static void AppendTable(StringBuilder text, IEnumerable<Measurement> rows)
    {
        List<string[]> cells = [["set", "kind", "walker", "ns", "10–90 %", "× floor", "× C walk", "bytes", "state"]];
        cells.AddRange(rows.Select(m => new[]
        {
            m.Set, Lower(m.Kind), m.Name, TableText.F2(m.Ns), $"{TableText.F2(m.Low)}–{TableText.F2(m.High)}", TableText.F2(m.ToFloor), TableText.F2(m.ToWalk), m.Bytes.ToString(CultureInfo.InvariantCulture), m.Quiet ? "quiet" : "busy",
        }));
        TableText.Append(text, cells, rightFrom: 3);
    }

    private void AppendGoals(StringBuilder text)
    {
        List<string[]> cells = [["mode", "goal", "bound", "measured", "met"]];
        cells.AddRange(Goal.Judge(measurements).Select(g => new[]
        {
            g.Mode, g.What, (g.AtLeast ? "≥ " : "≤ ") + TableText.F2(g.Bound), TableText.F2(g.Value), g.Met ? "yes" : "NO",
        }));
        TableText.Append(text, cells, rightFrom: 2);
    }

    private string Chunks() =>
        $"Chunks of {WorkingSet.ChunkWalks} walks, median of {measurements.Min(m => m.Chunks)}–{measurements.Max(m => m.Chunks)} each";

    private static string Lower(MeasureKind kind) => kind switch
    {
        MeasureKind.Dependent => "dependent",
        MeasureKind.Independent => "independent",
        MeasureKind.Batch => "batch",
        _ => "write",
    };
}
