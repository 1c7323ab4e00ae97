// Perf: figures as bars, in SVG.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security;
using System.Text;
using Mmu.Perf.Shadow;

namespace Mmu.Perf;

/// <summary>A chart of horizontal bars in groups, which browsers and GitHub draw.</summary>
internal static class BarChart
{
    private const int LabelWidth = 330;
    private const int BarWidth = 420;
    private const int BarHeight = 14;
    private const int GroupGap = 10;
    private const int Top = 44;

    private const double MostNs = 500;

    private static readonly string[] s_colours = ["#1f77b4", "#9aa0a6", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b"];

    /// <summary>A bar.</summary>
    /// <param name="Group">What is measured.</param>
    /// <param name="Name">By whom; who is called the same has the same colour.</param>
    /// <param name="Value">How long it takes.</param>
    internal readonly record struct Bar(string Group, string Name, double Value);

    /// <summary>Writes a chart of each group of rows, as <c>NAME-GROUP.svg</c>. What takes more than half a microsecond would leave nothing of the rest to see.</summary>
    public static void SaveRows(string folder, string name, IEnumerable<ShadowRow> rows)
    {
        foreach (IGrouping<string, ShadowRow> mode in rows.GroupBy(r => r.Mode))
        {
            Save(Path.Combine(folder, $"{name}-{mode.Key}.svg"), $"{name}, {mode.Key}: ns", [.. mode.Where(r => r.Ns <= MostNs).Select(r => new Bar(r.What, r.Name, r.Ns))]);
        }
    }

    /// <summary>Writes a chart.</summary>
    public static void Save(string path, string title, IReadOnlyCollection<Bar> bars)
    {
        if (bars.Count > 0)
        {
            File.WriteAllText(path, Text(title, bars));
        }
    }

    private static string Text(string title, IReadOnlyCollection<Bar> bars)
    {
        string[] names = [.. bars.Select(b => b.Name).Distinct()];
        IGrouping<string, Bar>[] groups = [.. bars.GroupBy(b => b.Group)];
        double longest = bars.Max(b => b.Value);
        int height = Top + (bars.Count * BarHeight) + (groups.Length * GroupGap);
        StringBuilder text = new();
        _ = text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{LabelWidth + BarWidth + 70}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n");
        _ = text.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        AppendText(text, 8, 18, title, " font-size=\"14\"");
        for (int i = 0; i < names.Length; i++)
        {
            AppendBar(text, LabelWidth + (i * 110), 26, 10, Colour(i));
            AppendText(text, LabelWidth + (i * 110) + 14, 36, names[i], "");
        }

        int y = Top;
        foreach (IGrouping<string, Bar> group in groups)
        {
            AppendText(text, LabelWidth - 8, y + 11, group.Key, " text-anchor=\"end\"");
            foreach (Bar bar in group)
            {
                double width = bar.Value / longest * BarWidth;
                AppendBar(text, LabelWidth, y, width, Colour(Array.IndexOf(names, bar.Name)));
                AppendText(text, LabelWidth + width + 4, y + 10, TableText.F2(bar.Value), "");
                y += BarHeight;
            }

            y += GroupGap;
        }

        return text.Append("</svg>\n").ToString();
    }

    private static string Colour(int name) => s_colours[name % s_colours.Length];

    private static void AppendBar(StringBuilder text, double x, double y, double width, string colour) =>
        text.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{BarHeight - 3}\" fill=\"{colour}\"/>\n");

    private static void AppendText(StringBuilder text, double x, double y, string what, string more) =>
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\"{more}>{SecurityElement.Escape(what)}</text>\n");
}
