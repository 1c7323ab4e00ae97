// Perf: tables of the Shadow MMU, for the terminal and for docs/perf/shadow.md.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Mmu.Perf.Shadow;

/// <summary>Lays out the rows: one table a mode.</summary>
internal sealed class ShadowReport(IReadOnlyList<ShadowRow> rows, string peers)
{
    public string Text()
    {
        StringBuilder text = new();
        foreach (IGrouping<string, ShadowRow> mode in rows.GroupBy(r => r.Mode))
        {
            _ = text.Append('\n').Append(mode.Key).Append('\n');
            AppendTable(text, mode);
        }

        return text.ToString();
    }

    public string Markdown()
    {
        StringBuilder text = new("# Speed of the Shadow MMU\n\nWritten by `Perf -- compare --suite shadow --write`; [method.md](method.md) says how it is measured.\n\n");
        foreach (string line in MachineFacts.Lines(peers))
        {
            _ = text.Append("* ").Append(line).Append('\n');
        }

        foreach (IGrouping<string, ShadowRow> mode in rows.GroupBy(r => r.Mode))
        {
            _ = text.Append("\n## ").Append(mode.Key).Append("\n\n");
            AppendTable(text, mode);
        }

        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, IEnumerable<ShadowRow> rows)
    {
        List<string[]> cells = [["operation", "by", "ns", "10–90 %", "× floor", "goal", "met", "bytes", "rounds", "state"]];
        cells.AddRange(rows.Select(r => new[]
        {
            r.What, r.Name, TableText.F2(r.Ns), $"{TableText.F2(r.Low)}–{TableText.F2(r.High)}", TableText.F2(r.ToFloor), Goal(r),
            r.Met switch { true => "yes", false => "NO", _ => "" }, r.Bytes.ToString(CultureInfo.InvariantCulture),
            r.Rounds.ToString(CultureInfo.InvariantCulture), r.Quiet ? "quiet" : "busy",
        }));
        TableText.Append(text, cells, rightFrom: 2);
    }

    private static string Goal(ShadowRow row) => string.Join(
        ", ",
        ((string?[])[row.Goal is { } ns ? $"≤ {ns:0.##} ns" : null, row.RatioGoal is { } ratio ? $"≤ {ratio:0.##} ×" : null]).OfType<string>());
}
