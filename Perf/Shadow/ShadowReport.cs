// Perf: tables of the Shadow MMU, for the terminal and for docs/perf/shadow.md.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Mmu.Perf.Shadow;

/// <summary>Lays out the rows: one table a mode.</summary>
internal sealed class ShadowReport(IReadOnlyList<ShadowRow> rows, IReadOnlyList<Metadata> metadata)
{
    public string Text()
    {
        StringBuilder text = new();
        foreach (IGrouping<string, ShadowRow> mode in rows.GroupBy(r => r.Mode))
        {
            _ = text.Append('\n').Append(mode.Key).Append('\n');
            AppendTable(text, mode);
        }

        _ = text.Append("\nbytes of bookkeeping a mapped page of 4 KiB\n");
        AppendMetadata(text);
        return text.ToString();
    }

    /// <summary>The page, whose beginning is there.</summary>
    public string Markdown(StringBuilder text)
    {
        _ = text.Append("\n## Bytes of bookkeeping a mapped page of 4 KiB\n\nOne GiB, all of it mapped by pages of 4 KiB in one address space.\n\n");
        AppendMetadata(text);
        foreach (IGrouping<string, ShadowRow> mode in rows.GroupBy(r => r.Mode))
        {
            _ = text.Append("\n## ").Append(mode.Key).Append("\n\n![Bars](shadow-").Append(mode.Key).Append(".svg)\n\n");
            AppendTable(text, mode);
        }

        return text.ToString();
    }

    internal static void AppendTable(StringBuilder text, IEnumerable<ShadowRow> rows)
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

    private void AppendMetadata(StringBuilder text)
    {
        List<string[]> cells = [["bytes a page", .. metadata.Select(m => m.Mode)]];
        foreach (string part in metadata.SelectMany(m => m.Parts.Keys).Distinct())
        {
            cells.Add([part, .. metadata.Select(m => TableText.F2((double)m.Parts[part] / m.Pages))]);
        }

        cells.Add(["all", .. metadata.Select(m => TableText.F2(m.PerPage))]);
        cells.Add([$"goal: at most {Metadata.Goal:0}", .. metadata.Select(m => m.PerPage <= Metadata.Goal ? "met" : "NOT MET")]);
        cells.Add(["pages mapped", .. metadata.Select(m => m.Pages.ToString(CultureInfo.InvariantCulture))]);
        cells.Add(["tables", .. metadata.Select(m => m.Tables.ToString(CultureInfo.InvariantCulture))]);
        TableText.Append(text, cells, rightFrom: 1);
    }

    private static string Goal(ShadowRow row) => string.Join(
        ", ",
        ((string?[])[row.Goal is { } ns ? $"≤ {ns:0.##} ns" : null, row.RatioGoal is { } ratio ? $"≤ {ratio:0.##} ×" : null]).OfType<string>());
}
