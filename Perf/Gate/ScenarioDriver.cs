// Perf: builds the scenario driver and gets its figures.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mmu.Common;

namespace Mmu.Perf.Gate;

/// <summary>
/// The driver of Perf/Scenarios in two builds: compiled ahead of time as it ships, and with loads of guest entries counted.
/// </summary>
internal sealed partial class ScenarioDriver
{
    // callgrind counts inside this method, and writes a profile before each call of it and one at the end.
    private const string MeasuredMethod = "scenarios_Mmu_Perf_Scenarios_Measured__Turn";
    private const int ParallelRuns = 2;

    // The driver's groups: paging modes, and formats of the TDP MMU.
    private static readonly string[] s_modes = [.. ModeShape.All.Select(m => m.Name)];
    private static readonly string[] s_groups = [.. s_modes, .. Enum.GetNames<TdpFormat>()];

    private readonly string _root;
    private readonly string _native;
    private readonly string _counting;

    private ScenarioDriver(string root)
    {
        _root = root;
        _native = Path.Combine(root, "artifacts", "gate", "native");
        _counting = Path.Combine(root, "artifacts", "gate", "counting");
    }

    private string NativeProgram => Path.Combine(_native, "publish", "scenarios");

    /// <summary>Builds both.</summary>
    /// <exception cref="InvalidOperationException">A build failed; what it said is on standard error.</exception>
    public static ScenarioDriver Build(string root)
    {
        ScenarioDriver driver = new(root);
        string project = Path.Combine(root, "Perf", "Scenarios", "Scenarios.csproj");
        string[] quiet = ["-c", "Release", "-v", "q", "-nologo", "-p:RunAnalyzers=false"];
        Dotnet(["publish", project, .. quiet, "-r", "linux-x64", "-p:PublishAot=true", $"-p:ArtifactsPath={driver._native}", "-o", Path.Combine(driver._native, "publish")]);
        Dotnet(["build", project, .. quiet, "-p:MmuCount=true", $"-p:ArtifactsPath={driver._counting}"]);
        return driver;
    }

    /// <summary>What is counted exactly: managed bytes, what VMs count, bytes of bookkeeping, and loads of guest entries.</summary>
    public IReadOnlyList<Figure> Counters()
    {
        string counting = Path.Combine(_counting, "bin", "Scenarios", "release", "scenarios");
        return
        [
            .. s_groups.SelectMany(group => Lines(NativeProgram, "counters", group)).Concat(s_modes.SelectMany(mode => Lines(counting, "reads", mode)))
                .Select(line => line.Split('\t'))
                .Select(part => new Figure(part[0], double.Parse(part[1], CultureInfo.InvariantCulture))),
        ];
    }

    /// <summary>Size of the code of each generated walker: all its methods for all its type arguments.</summary>
    public IReadOnlyList<Figure> CodeSizes() =>
    [
        .. Lines("nm", "-S", NativeProgram)
            .Select(line => WalkerSymbol().Match(line))
            .Where(match => match.Success && match.Groups["mode"].Value != "Guest")
            .GroupBy(match => match.Groups["mode"].Value, match => long.Parse(match.Groups["size"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Select(walker => new Figure($"{Figure.CodeBytes}: {walker.Key}Walker", walker.Sum())),
    ];

    /// <summary>Instructions of each scenario under callgrind.</summary>
    public IReadOnlyList<Figure> Instructions()
    {
        ConcurrentBag<Figure> figures = [];
        _ = Parallel.ForEach(s_groups, new ParallelOptions { MaxDegreeOfParallelism = ParallelRuns }, group =>
        {
            string folder = Directory.CreateDirectory(Path.Combine(_root, "artifacts", "gate", "callgrind", group)).FullName;
            foreach (string old in Directory.GetFiles(folder))
            {
                File.Delete(old);
            }

            string profile = Path.Combine(folder, "profile");
            string[] names = Lines(
                "valgrind", "--quiet", "--tool=callgrind", $"--callgrind-out-file={profile}", "--collect-atstart=no", $"--toggle-collect={MeasuredMethod}",
                $"--dump-before={MeasuredMethod}", NativeProgram, "run", group);
            for (int i = 0; i < names.Length; i++)
            {
                // The first profile is of what came before the first scenario, the one without a number of the last.
                figures.Add(new Figure($"{Figure.Instructions}: {names[i]}", Total(i == names.Length - 1 ? profile : $"{profile}.{i + 2}")));
            }
        });
        return [.. figures];
    }

    private static double Total(string profile) =>
        double.Parse(File.ReadLines(profile).Last(l => l.StartsWith("totals: ", StringComparison.Ordinal))["totals: ".Length..], CultureInfo.InvariantCulture);

    private static string[] Lines(string program, params ReadOnlySpan<string> arguments) =>
        Tool.Run(program, arguments)?.Split('\n') ?? throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed.");

    private static void Dotnet(string[] arguments)
    {
        if (Tool.Run("dotnet", arguments) is null)
        {
            throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} failed.");
        }
    }

    [GeneratedRegex(@"^[0-9a-f]+ (?<size>[0-9a-f]+) [tT] Mmu_Core_Mmu_Walk_(?<mode>[A-Za-z0-9]+)Walker__", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WalkerSymbol();
}
