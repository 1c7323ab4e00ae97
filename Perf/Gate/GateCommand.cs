// Perf: `gate`: compares figures with what was accepted, and ratios with their bounds.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Mmu.Perf.Gate;

/// <summary>Runs the gate.</summary>
internal sealed class GateCommand
{
    public const string Usage = """
        gate [--accept] [--only counters,instructions,ratios]
          compares with Perf/baseline.json; --accept rewrites it and says what changed
        """;

    private const string CountersPart = "counters";
    private const string InstructionsPart = "instructions";
    private const string RatiosPart = "ratios";

    private readonly string _root = MachineFacts.RepositoryRoot();
    private readonly bool _accept;
    private readonly HashSet<string> _parts;
    private readonly List<Figure> _figures = [];
    private readonly List<string> _failures = [];

    private GateCommand(bool accept, HashSet<string> parts)
    {
        _accept = accept;
        _parts = parts;
    }

    private static bool IsCi => Environment.GetEnvironmentVariable("CI") == "true";

    public static int Run(ReadOnlySpan<string> arguments)
    {
        bool accept = false;
        HashSet<string> known = [CountersPart, InstructionsPart, RatiosPart];
        HashSet<string> parts = known;
        while (!arguments.IsEmpty)
        {
            if (arguments is ["--accept", ..])
            {
                accept = true;
                arguments = arguments[1..];
            }
            else if (arguments is ["--only", string some, ..] && known.IsSupersetOf(some.Split(',')))
            {
                parts = [.. some.Split(',')];
                arguments = arguments[2..];
            }
            else
            {
                Console.Error.WriteLine(Usage);
                return 2;
            }
        }

        return new GateCommand(accept, parts).Run();
    }

    private int Run()
    {
        if (_parts.Contains(CountersPart) || _parts.Contains(InstructionsPart))
        {
            Count();
        }

        Judge(Path.Combine(_root, "Perf", "baseline.json"));
        if (_parts.Contains(RatiosPart) && !_accept)
        {
            HoldRatios();
        }

        foreach (string failure in _failures)
        {
            Console.Out.WriteLine($"FAILED: {failure}");
        }

        Console.Out.WriteLine($"performance gate: {_figures.Count} figures, {_failures.Count} failures");
        return _failures.Count == 0 ? 0 : 1;
    }

    private void Count()
    {
        if (!NeededTool.IsThere("gcc") && !NeededTool.IsThere("clang"))
        {
            Missing("counters and instructions", "gcc or clang, which links what is compiled ahead of time, is not on the PATH");
            return;
        }

        ScenarioDriver driver = ScenarioDriver.Build(_root);
        if (_parts.Contains(CountersPart))
        {
            _figures.AddRange(driver.Counters());
            _figures.AddRange(driver.CodeSizes());
        }

        if (!_parts.Contains(InstructionsPart))
        {
            return;
        }

        if (NeededTool.IsThere("valgrind") || NeededTool.TryInstall("valgrind"))
        {
            _figures.AddRange(driver.Instructions());
        }
        else
        {
            Missing("instructions", "valgrind is not on the PATH and could not be installed");
        }
    }

    // Elsewhere a part may be left out, seen by everybody; where changes are accepted it may not.
    private void Missing(string part, string why)
    {
        if (IsCi)
        {
            _failures.Add($"{part}: {why}");
        }
        else
        {
            Console.Out.WriteLine($"{part}: SKIPPED, {why}");
        }
    }

    private void Judge(string path)
    {
        Baseline baseline = Baseline.Load(path);
        string[] differences = [.. baseline.Compare(_figures)];
        if (!_accept)
        {
            _failures.AddRange(differences);
            return;
        }

        foreach (string difference in differences)
        {
            Console.Out.WriteLine($"accepted: {difference}");
        }

        baseline.Accept(_figures);
        baseline.Save(path);
        Console.Out.WriteLine($"Wrote {path}.");
    }

    private void HoldRatios()
    {
        RatioGate ratios = new(CompetitorSources.All(out string peers));
        Console.Out.WriteLine(peers);
        _failures.AddRange(ratios.Broken());
        foreach (string note in ratios.Notes)
        {
            Console.Out.WriteLine(note);
        }

        // Times never fail anything; they are kept, where they belong: on the machine.
        string file = Path.Combine(_root, "artifacts", "gate", "times.tsv");
        _ = Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        string run = string.Join('\t', MachineFacts.Lines(peers));
        File.AppendAllLines(file, ratios.Times.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Key}\t{t.Value:0.00} ns\t{run}")));
    }
}
