// Perf: `compare --suite tdp`: the operations of the TDP MMU against the floor of the same memory work, in one run.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Mmu.Common;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Tdp;

/// <summary>Runs the suite for each format and reports it.</summary>
internal sealed unsafe class TdpCommand
{
    private const double GainGoal = 0.9;

    private readonly CompareOptions _options;
    private readonly CompareSuite _run;
    private readonly List<string[]> _gains = [["format", "pages of the two threads", "library", "floor", "library / floor", "goal", "met"]];
    private readonly List<string[]> _metadata = [["format", "bytes a page", "goal", "met"]];
    private readonly List<string[]> _stalls = [["format", "beside", "took ms", "faults", "median ns", "99.9 % µs", "longest µs"]];

    private TdpCommand(CompareOptions options)
    {
        _options = options;
        _run = new CompareSuite(options, "tdp.c", sizeof(TdpPeerContext));
    }

    public static void Run(CompareOptions options) => new TdpCommand(options).Run();

    private void Run()
    {
        foreach (TdpFormat format in Enum.GetValues<TdpFormat>())
        {
            using (TdpSuite suite = new(format, _run.Floors))
            {
                _run.Measure(format.ToString(), suite.Cases());
            }

            if (_options.Case.Length == 0)
            {
                MeasureGain(format);
                MeasureStalls(format);
                double bytes = TdpMetadata.PerPage(format);
                _metadata.Add([format.ToString(), TableText.F2(bytes), $"≤ {TdpMetadata.Goal:0}", bytes <= TdpMetadata.Goal ? "yes" : "NO"]);
            }
        }

        _run.Report("tdp", _run.Rows, Text(new StringBuilder(), markdown: false), Text(_run.Page("the TDP MMU", "tdp"), markdown: true), charts: true);
    }

    private void MeasureGain(TdpFormat format)
    {
        if (_run.Floors is not { } floors)
        {
            return;
        }

        TdpThreads threads = new(floors, format);
        foreach (bool adjacent in (bool[])[false, true])
        {
            Console.Error.WriteLine($"{format}: two threads, {(adjacent ? "adjacent" : "disjoint")}");
            (double library, double floor) = threads.Gain(adjacent);
            double ratio = library / floor;
            _gains.Add([
                format.ToString(), adjacent ? "alternate" : "halves", TableText.F2(library), TableText.F2(floor), TableText.F2(ratio),
                $"≥ {GainGoal}", ratio >= GainGoal ? "yes" : "NO"]);
        }
    }

    private void MeasureStalls(TdpFormat format)
    {
        using TdpStall stall = new(format);
        foreach (TdpStallRow row in stall.Measure())
        {
            Console.Error.WriteLine($"{format}: faults beside '{row.What}'");
            _stalls.Add([
                format.ToString(), row.What, TableText.F2(row.Milliseconds), row.Faults.ToString(CultureInfo.InvariantCulture), TableText.F2(row.Median),
                TableText.F2(row.P999), TableText.F2(row.Longest)]);
        }
    }

    private string Text(StringBuilder text, bool markdown)
    {
        foreach (IGrouping<string, ShadowRow> format in _run.Rows.GroupBy(r => r.Mode))
        {
            Head(text, markdown, format.Key);
            _ = text.Append(markdown ? $"![Bars](tdp-{format.Key}.svg)\n\n" : "");
            ShadowReport.AppendTable(text, format);
        }

        Head(text, markdown, "What a second thread gains");
        TableText.Append(text, _gains, rightFrom: 2);
        Head(text, markdown, "Faults of one vCPU while the host changes 16 GiB elsewhere");
        TableText.Append(text, _stalls, rightFrom: 2);
        Head(text, markdown, "Bytes of bookkeeping a mapped page of 4 KiB");
        TableText.Append(text, _metadata, rightFrom: 1);
        return text.ToString();
    }

    private static void Head(StringBuilder text, bool markdown, string title) => _ = text.Append(markdown ? $"\n## {title}\n\n" : $"\n{title}\n");
}
