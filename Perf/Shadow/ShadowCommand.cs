// Perf: `compare --suite shadow`: the operations of the Shadow MMU against the floor of the same memory work, in one run.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Mmu.Perf.Peers;

namespace Mmu.Perf.Shadow;

/// <summary>Runs the suite and reports it.</summary>
internal sealed unsafe class ShadowCommand
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    // Past tiering: a method is compiled anew in the background some time after its first calls.
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(3);

    private readonly CompareOptions _options;
    private readonly List<ShadowRow> _rows = [];
    private readonly QuietProbe _probe = new();
    private readonly PeerLibrary? _library;
    private readonly string _peers;

    public ShadowCommand(CompareOptions options)
    {
        _options = options;
        _library = PeerLibrary.TryLoad("shadow.c", sizeof(ShadowPeerContext), out _peers);
    }

    public int Run()
    {
        Console.Error.WriteLine(_peers);
        foreach (ModeShape mode in _options.Modes)
        {
            using ShadowSuite suite = new(mode, _library);
            foreach (ShadowCase one in suite.Cases().Where(c => c.What.Contains(_options.Case, StringComparison.Ordinal)))
            {
                Console.Error.WriteLine($"{mode}: {one.What}");
                Measure(mode, one);
            }
        }

        Metadata[] metadata = [.. _options.Modes.Select(Metadata.Measure)];
        ShadowReport report = new(_rows, metadata, _peers);
        Console.Out.WriteLine(_options.Json ? JsonSerializer.Serialize(new { Rows = _rows, Metadata = metadata }, s_json) : report.Text());
        if (_options.Write)
        {
            string path = Path.Combine(MachineFacts.RepositoryRoot(), "docs", "perf", "shadow.md");
            File.WriteAllText(path, report.Markdown());
            BarChart.SaveRows(Path.GetDirectoryName(path)!, "shadow", _rows);
            Console.Error.WriteLine($"Wrote {path}.");
        }

        return 0;
    }

    private void Measure(ModeShape mode, ShadowCase one)
    {
        IReadOnlyList<Timing> timings = new Rounds(one.Subjects, _probe) { MinRounds = one.MinRounds }.Measure(s_warmUp, _options.Budget);
        double? floor = timings.FirstOrDefault(t => t.Name == FloorCases.Name)?.Ns;
        _rows.AddRange(timings.Select((t, i) => new ShadowRow(
            mode.Name, one.What, t.Name, t.Ns, t.Low, t.High, t.Ns / floor, i == 0 ? one.Goal : null, i == 0 ? one.RatioGoal : null, t.Bytes, t.Rounds, t.Quiet)));
    }
}
