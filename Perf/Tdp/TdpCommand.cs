// Perf: `compare --suite tdp`: the operations of the TDP MMU against the floor of the same memory work, in one run.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Mmu.Common;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Tdp;

/// <summary>Runs the suite for each format and reports it.</summary>
internal sealed unsafe class TdpCommand
{
    private const double GainGoal = 0.9;

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(3);

    private readonly CompareOptions _options;
    private readonly List<ShadowRow> _rows = [];
    private readonly List<string[]> _gains = [["format", "pages of the two threads", "library", "floor", "library / floor", "goal", "met"]];
    private readonly List<string[]> _metadata = [["format", "bytes a page", "goal", "met"]];
    private readonly List<string[]> _stalls = [["format", "beside", "took ms", "faults", "median ns", "99.9 % µs", "longest µs"]];
    private readonly QuietProbe _probe = new();
    private readonly PeerLibrary? _library;
    private readonly string _peers;

    public TdpCommand(CompareOptions options)
    {
        _options = options;
        _library = PeerLibrary.TryLoad("tdp.c", sizeof(TdpPeerContext), out _peers);
    }

    public int Run()
    {
        Console.Error.WriteLine(_peers);
        foreach (TdpFormat format in Enum.GetValues<TdpFormat>())
        {
            using (TdpSuite suite = new(format, _library))
            {
                foreach (ShadowCase one in suite.Cases().Where(c => c.What.Contains(_options.Case, StringComparison.Ordinal)))
                {
                    Console.Error.WriteLine($"{format}: {one.What}");
                    Measure(format, one);
                }
            }

            if (_options.Case.Length == 0)
            {
                MeasureGain(format);
                MeasureStalls(format);
                double bytes = TdpMetadata.PerPage(format);
                _metadata.Add([format.ToString(), TableText.F2(bytes), $"≤ {TdpMetadata.Goal:0}", bytes <= TdpMetadata.Goal ? "yes" : "NO"]);
            }
        }

        Console.Out.WriteLine(_options.Json ? JsonSerializer.Serialize(_rows, s_json) : Text(markdown: false));
        if (_options.Write)
        {
            string path = Path.Combine(MachineFacts.RepositoryRoot(), "docs", "perf", "tdp.md");
            File.WriteAllText(path, Text(markdown: true));
            BarChart.SaveRows(Path.GetDirectoryName(path)!, "tdp", _rows);
            Console.Error.WriteLine($"Wrote {path}.");
        }

        return 0;
    }

    private void Measure(TdpFormat format, ShadowCase one)
    {
        IReadOnlyList<Timing> timings = new Rounds(one.Subjects, _probe) { MinRounds = one.MinRounds }.Measure(s_warmUp, _options.Budget);
        double? floor = timings.FirstOrDefault(t => t.Name == TdpFloor.Name)?.Ns;
        _rows.AddRange(timings.Select((t, i) => new ShadowRow(
            format.ToString(), one.What, t.Name, t.Ns, t.Low, t.High, t.Ns / floor, i == 0 ? one.Goal : null, i == 0 ? one.RatioGoal : null, t.Bytes, t.Rounds, t.Quiet)));
    }

    private void MeasureGain(TdpFormat format)
    {
        if (_library is null)
        {
            return;
        }

        TdpThreads threads = new(_library, format);
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

    private string Text(bool markdown)
    {
        StringBuilder text = new();
        if (markdown)
        {
            _ = text.Append("# Speed of the TDP MMU\n\nWritten by `Perf -- compare --suite tdp --write`; [method.md](method.md) says how it is measured.\n\n");
            foreach (string line in MachineFacts.Lines(_peers))
            {
                _ = text.Append("* ").Append(line).Append('\n');
            }
        }

        foreach (IGrouping<string, ShadowRow> format in _rows.GroupBy(r => r.Mode))
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
