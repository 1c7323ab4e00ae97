// Vmm.Run: the work of `mmu run --compare`.
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Mmu.Common;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run.Compare;

/// <summary>Runs the differential mode and says how it ended.</summary>
internal sealed class CompareRun
{
    /// <summary>Fewer accesses after a downgrade than this prove too little.</summary>
    internal const int LeastDowngrades = 1000;

    private readonly TextWriter _output;
    private readonly Progress _progress;

    internal CompareRun(TextWriter output, Progress progress)
    {
        _output = output;
        _progress = progress;
    }

    /// <summary>Runs and reports.</summary>
    /// <returns>True if there is no difference and there were enough downgrades.</returns>
    internal bool Run(RunOptions options, ProcessorKind kind, RunMode mode)
    {
        using Bench bench = Bench.Create(kind, CompareLayout.MemoryBytes, mode);
        _output.WriteLine($"flush: {bench.DescribeFlush()}");
        _output.Flush();
        var clock = Stopwatch.StartNew();
        using var comparison = new Comparison(bench, options.Guest.Seed, _output);
        comparison.Run(options.Cases, done => _progress.Show($"{done:n0} of {options.Cases:n0} cases", (double)done / options.Cases));
        _progress.Clear();
        CompareTally tally = comparison.Tally;
        _output.WriteLine(
            $"{tally.Cases:n0} cases on {tally.States:n0} states in {clock.Elapsed.TotalSeconds:n1} s: {tally.Faults:n0} faults, "
            + $"{tally.Downgrades:n0} accesses after a downgrade, {tally.Differences:n0} differences");
        var outcomes = Enum.GetValues<FaultOutcome>().Where(outcome => comparison.Machine.Outcomes[(int)outcome] != 0);
        _output.WriteLine($"  on shadow tables: {string.Join(", ", outcomes.Select(o => $"{comparison.Machine.Outcomes[(int)o]:n0} {o}"))}");
        if (tally.EarlyAccessedBits > 0)
        {
            _output.WriteLine($"{tally.EarlyAccessedBits:n0} accessed bits were set natively only, which a processor may do at any time");
        }

        if (tally.Downgrades < LeastDowngrades)
        {
            _output.WriteLine($"FAILED: fewer than {LeastDowngrades} accesses after a downgrade prove too little: ask for more --cases");
            return false;
        }

        return tally.Differences == 0;
    }
}
