// Perf: `compare`: every competitor, mode and working set in one process, judged by ratios of the same run.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mmu.Perf.Nested;
using Mmu.Perf.Shadow;
using Mmu.Perf.SoftTlb;
using Mmu.Perf.Tdp;

namespace Mmu.Perf;

/// <summary>Runs the comparison and reports it.</summary>
internal sealed class CompareCommand
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    // Past tiering: a method is compiled anew in the background some time after its first calls.
    private static readonly TimeSpan s_firstWarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_laterWarmUp = TimeSpan.FromSeconds(0.2);

    private readonly CompareOptions _options;
    private readonly IReadOnlyList<ICompetitorSource> _sources;
    private readonly HashSet<(ModeShape Mode, MeasureKind Kind)> _warm = [];
    private readonly List<Measurement> _measurements = [];
    private readonly QuietProbe _probe = new();
    private readonly string _peers;

    private CompareCommand(CompareOptions options)
    {
        _options = options;
        _sources = CompetitorSources.All(out _peers);
    }

    public static int Run(ReadOnlySpan<string> arguments)
    {
        CompareOptions? options = CompareOptions.Parse(arguments, out string error);
        if (options is null)
        {
            Console.Error.WriteLine(error);
            Console.Error.WriteLine(CompareOptions.Usage);
            return 2;
        }

        Action<CompareOptions> run = options.Suite switch
        {
            CompareOptions.ShadowSuite => ShadowCommand.Run,
            CompareOptions.TlbSuite => TlbCommand.Run,
            CompareOptions.NestedSuite => NestedCommand.Run,
            CompareOptions.TdpSuite => TdpCommand.Run,
            _ => walks => new CompareCommand(walks).Run(),
        };
        run(options);
        return 0;
    }

    private void Run()
    {
        Console.Error.WriteLine(_peers);
        foreach (ModeShape mode in _options.Modes)
        {
            IEnumerable<string> sets = _options.Sets.Where(s => WorkingSet.Exists(s, mode));
            foreach (string name in _options.Kinds.Contains(MeasureKind.Write) ? sets.Append(WorkingSet.WriteSet) : sets)
            {
                MeasureSet(name, mode);
            }
        }

        Report report = new(_measurements, _peers);
        Console.Out.WriteLine(_options.Json ? JsonSerializer.Serialize(_measurements, s_json) : report.Text());
        if (_options.Write)
        {
            string path = Path.Combine(MachineFacts.RepositoryRoot(), "docs", "perf", "walk.md");
            File.WriteAllText(path, report.Markdown());
            report.SaveCharts(Path.GetDirectoryName(path)!);
            Console.Error.WriteLine($"Wrote {path}.");
        }
    }

    private void MeasureSet(string name, ModeShape mode)
    {
        Console.Error.Write($"{mode} {name}: ");
        using WorkingSet set = WorkingSet.Create(name, mode);
        Console.Error.Write($"{set.TableBytes >> 10} KiB of tables");
        foreach (MeasureKind kind in _options.Kinds.Where(k => (k == MeasureKind.Write) == (name == WorkingSet.WriteSet)))
        {
            Console.Error.Write($", {kind}");
            Competitor[] competitors = [.. _sources.SelectMany(s => s.Create(kind, set))];
            TimeSpan warm = _warm.Add((mode, kind)) ? s_firstWarmUp : s_laterWarmUp;
            _measurements.AddRange(new Sampler(set, kind, _probe).Measure(competitors, warm, _options.Budget));
        }

        Console.Error.WriteLine();
    }
}
