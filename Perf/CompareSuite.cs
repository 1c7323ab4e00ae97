// Perf: what the suites of operations have in common: each measures cases beside their floors, prints the rows and writes a page of docs/perf.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;

namespace Mmu.Perf;

/// <summary>One run of a suite.</summary>
internal sealed class CompareSuite
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    // Past tiering: a method is compiled anew in the background some time after its first calls.
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(3);

    private readonly CompareOptions _options;
    private readonly List<ShadowRow> _rows = [];
    private readonly QuietProbe _probe = new();
    private readonly string _peers;

    /// <summary>Builds the floors, and says with what.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="floors">Their source in <c>Peers</c>.</param>
    /// <param name="contextBytes">Size of the context that they are given.</param>
    public CompareSuite(CompareOptions options, string floors, int contextBytes)
    {
        _options = options;
        Floors = PeerLibrary.TryLoad(floors, contextBytes, out _peers);
        Console.Error.WriteLine(_peers);
    }

    /// <summary>The floors; null where they cannot be built.</summary>
    public PeerLibrary? Floors { get; }

    /// <summary>What was measured so far.</summary>
    public IReadOnlyList<ShadowRow> Rows => _rows;

    /// <summary>Measures the cases that were asked for, each when its turn comes.</summary>
    /// <param name="mode">What they are of.</param>
    /// <param name="cases">All cases.</param>
    public void Measure(string mode, IEnumerable<ShadowCase> cases)
    {
        foreach (ShadowCase one in cases.Where(c => c.What.Contains(_options.Case, StringComparison.Ordinal)))
        {
            Console.Error.WriteLine($"{mode}: {one.What}");
            IReadOnlyList<Timing> timings = new Rounds(one.Subjects, _probe) { MinRounds = one.MinRounds }.Measure(s_warmUp, _options.Budget);
            double? floor = timings.Count > 1 ? timings[1].Ns : null;
            _rows.AddRange(timings.Select((t, i) => new ShadowRow(
                mode, one.What, t.Name, t.Ns, t.Low, t.High, t.Ns / floor, i == 0 ? one.Goal : null, i == 0 ? one.RatioGoal : null, t.Bytes, t.Rounds, t.Quiet)));
        }
    }

    /// <summary>The beginning of a page: what it is of, how it came about, and on what machine.</summary>
    /// <param name="of">What the speed is of.</param>
    /// <param name="suite">The suite's name on the command line.</param>
    /// <param name="note">A sentence on the floor; empty if there is nothing to say.</param>
    public StringBuilder Page(string of, string suite, string note = "")
    {
        StringBuilder text = new($"# Speed of {of}\n\nWritten by `Perf -- compare --suite {suite} --write`; [method.md](method.md) says how it is measured.{note}\n\n");
        foreach (string line in MachineFacts.Lines(_peers))
        {
            _ = text.Append("* ").Append(line).Append('\n');
        }

        return text;
    }

    /// <summary>Prints the text, or the figures as JSON; writes the page if that was asked for.</summary>
    /// <param name="name">Name of the page.</param>
    /// <param name="figures">What is written as JSON.</param>
    /// <param name="text">For the terminal.</param>
    /// <param name="page">For docs/perf.</param>
    /// <param name="charts">Also writes a chart of each mode beside the page.</param>
    public void Report(string name, object figures, string text, string page, bool charts)
    {
        Console.Out.WriteLine(_options.Json ? JsonSerializer.Serialize(figures, s_json) : text);
        if (_options.Write)
        {
            string folder = Path.Combine(MachineFacts.RepositoryRoot(), "docs", "perf");
            string path = Path.Combine(folder, $"{name}.md");
            File.WriteAllText(path, page);
            if (charts)
            {
                BarChart.SaveRows(folder, name, _rows);
            }

            Console.Error.WriteLine($"Wrote {path}.");
        }
    }

    /// <summary>As <see cref="Report"/>, of one table.</summary>
    /// <param name="name">Name of the page.</param>
    /// <param name="page">The beginning of the page.</param>
    public void ReportTable(string name, StringBuilder page)
    {
        StringBuilder text = new("\n");
        ShadowReport.AppendTable(text, _rows);
        Report(name, _rows, text.ToString(), page.Append(text).ToString(), charts: false);
    }
}
