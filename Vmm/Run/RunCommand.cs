// Vmm.Run: the command line of `mmu run`.
using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Numerics;
using Mmu.Common;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>Declares the options of `mmu run` and turns them into <see cref="RunOptions"/>.</summary>
internal sealed class RunCommand
{
    private const int MaxProcesses = 64;
    private const int MinPages = 16;
    private const int MaxPages = 32768;
    private const long UsualInstructions = 100_000_000;
    private const long InstructionsPerStep = 2000;

    private readonly Option<string> _cpu = new("--cpu")
    {
        Description = "The processor: model (built in), kvm (the real one, by /dev/kvm), qemu, all of them, or auto: the best there is.",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<string> _mode = new("--mode")
    {
        Description = "The guest's paging mode: bits32, pae, long4, long5, or all of them.",
        DefaultValueFactory = _ => RunMode.Long4.Name,
    };

    private readonly Option<int> _processes = Number("--processes", $"Address spaces of the guest: 1 to {MaxProcesses}.", 4);
    private readonly Option<int> _pages = Number("--pages", $"Pages of each: a power of two, {MinPages} to {MaxPages}.", 64);
    private readonly Option<int> _steps = Number("--steps", "Accesses that the guest makes.", 20_000);
    private readonly Option<int> _seed = Number("--seed", "What the choices of the guest, or of the cases, start from.", 1);
    private readonly Option<int> _timeout = Number(
        "--timeout", "Seconds that the guest may run, natively and again on shadow tables.", 120);
    private readonly Option<long> _instructions = new("--instructions")
    {
        HelpName = "N",
        Description = "Instructions that the model may execute, natively and again on shadow tables; 0 for 100 million and 2000 a step.",
    };

    private readonly Option<string> _ending = new("--ending")
    {
        Description = "What the guest does at last: exit, or hang or triple-fault, to see what becomes of such a guest.",
        DefaultValueFactory = _ => "exit",
    };

    private readonly Option<bool> _compare = new("--compare")
    {
        Description = "Differential mode: random page tables and accesses, each natively and on shadow tables; any difference fails.",
    };

    private readonly Option<int> _cases = Number("--cases", "Cases of the differential mode.", 10_000);

    private readonly Option<string> _tables = new("--tables")
    {
        Description = "Our tables: shadow, or nested ones behind the guest's own (ept, ept-no-ad, npt), which the model alone can walk.",
        DefaultValueFactory = _ => "shadow",
    };

    private readonly Option<string?> _record = new("--record")
    {
        Description = "Write what the guest does on shadow tables as a trace for mmu replay.",
        HelpName = "OUT",
    };

    /// <summary>Returns the command; <paramref name="run"/> does the work and returns the exit code.</summary>
    internal Command Build(Func<RunOptions, TextWriter, int> run)
    {
        _ = _cpu.AcceptOnlyFromAmong("auto", "model", "kvm", "qemu", "all");
        _ = _ending.AcceptOnlyFromAmong("exit", "hang", "triple-fault");
        _ = _tables.AcceptOnlyFromAmong("shadow", "ept", "ept-no-ad", "npt");
        _ = _mode.AcceptOnlyFromAmong([.. RunMode.All.Select(mode => mode.Name), "all"]);
        var command = new Command("run", "Runs a guest that stresses its page tables, natively and on shadow tables, and compares the two.")
        {
            _cpu, _mode, _processes, _pages, _steps, _seed, _timeout, _instructions, _ending, _compare, _cases, _tables, _record,
        };
        command.SetAction(result => run(Read(result), result.InvocationConfiguration.Output));
        return command;
    }

    private static Option<int> Number(string name, string description, int value) => new(name)
    {
        HelpName = "N",
        Description = description,
        DefaultValueFactory = _ => value,
    };

    private static int InRange(string name, int value, int least, int most) =>
        value >= least && value <= most ? value : throw new InputException($"{name} {value} is not between {least} and {most}");

    private RunOptions Read(ParseResult result)
    {
        int pages = InRange("--pages", result.GetValue(_pages), MinPages, MaxPages);
        if (!BitOperations.IsPow2(pages))
        {
            throw new InputException($"--pages {pages} is not a power of two");
        }

        var guest = new StressOptions(
            InRange("--processes", result.GetValue(_processes), 1, MaxProcesses),
            pages,
            InRange("--steps", result.GetValue(_steps), 1, int.MaxValue),
            InRange("--seed", result.GetValue(_seed), 0, int.MaxValue))
        {
            Ending = result.GetValue(_ending) switch
            {
                "hang" => StressEnding.Hang,
                "triple-fault" => StressEnding.TripleFault,
                _ => StressEnding.Exit,
            },
        };
        ProcessorKind? cpu = result.GetValue(_cpu) switch
        {
            "model" => ProcessorKind.Model,
            "kvm" => ProcessorKind.Kvm,
            "qemu" => ProcessorKind.Qemu,
            _ => null,
        };
        var timeout = TimeSpan.FromSeconds(InRange("--timeout", result.GetValue(_timeout), 1, 86_400));
        long instructions = result.GetValue(_instructions);
        if (instructions < 0 || (instructions != 0 && (cpu != ProcessorKind.Model || result.GetValue(_compare))))
        {
            throw new InputException($"--instructions {instructions} takes --cpu model, the guest, and a number above 0");
        }

        int cases = InRange("--cases", result.GetValue(_cases), 1, 100_000_000);
        bool all = result.GetValue(_cpu) == "all";
        bool compare = result.GetValue(_compare);
        string? record = result.GetValue(_record);
        RunMode[] modes = [.. RunMode.All.Where(mode => result.GetValue(_mode) is var name && (name == "all" || name == mode.Name))];
        TdpFormat? nested = result.GetValue(_tables) switch
        {
            "ept" => TdpFormat.Ept,
            "ept-no-ad" => TdpFormat.EptNoAccessedDirty,
            "npt" => TdpFormat.Npt,
            _ => null,
        };
        if (nested is not null && (cpu != ProcessorKind.Model || compare || record is not null || modes.Any(mode => !mode.IsLong)))
        {
            throw new InputException($"--tables {result.GetValue(_tables)} takes --cpu model and the guest, not --compare or --record or a 32-bit --mode");
        }

        return record is not null && (all || compare || modes.Length > 1)
            ? throw new InputException($"--record takes one run of the guest, not {(compare ? "--compare" : all ? "--cpu all" : "--mode all")}")
            : new RunOptions(cpu, all, [.. modes], guest, timeout, instructions == 0 ? UsualInstructions + (InstructionsPerStep * guest.Steps) : instructions, compare, cases, record, nested);
    }
}
