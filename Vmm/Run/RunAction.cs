// Vmm.Run: what `mmu run` does: the guest or the differential mode, on one processor or on all.
using System;
using System.IO;
using Mmu.Vmm.Images;
using Mmu.Vmm.Run.Compare;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>Runs the guest or the differential mode on the chosen processors.</summary>
internal static class RunAction
{
    /// <summary>Runs.</summary>
    /// <returns>The exit code: 0 if everything was done and nothing differs.</returns>
    internal static int Run(RunOptions options, TextWriter output, Progress progress)
    {
        if (!options.All)
        {
            string why = "as asked";
            ProcessorKind kind = options.Cpu ?? Bench.Choose(out why);
            return RunOn(kind, why, options, output, progress) ? 0 : MmuCommand.Different;
        }

        int exitCode = 0;
        foreach (ProcessorKind kind in Enum.GetValues<ProcessorKind>())
        {
            try
            {
                exitCode = RunOn(kind, "one of all", options, output, progress) ? exitCode : MmuCommand.Different;
            }
            catch (InputException e)
            {
                // What is not done is not good.
                output.WriteLine($"NOT DONE: {e.Message}");
                exitCode = MmuCommand.Different;
            }
        }

        return exitCode;
    }

    private static bool RunOn(ProcessorKind kind, string why, RunOptions options, TextWriter output, Progress progress)
    {
        output.WriteLine($"processor: {kind.ToString().ToLowerInvariant()} ({why})");
        bool good = true;
        foreach (RunMode mode in options.Modes)
        {
            output.WriteLine($"paging mode: {mode.Name}");
            try
            {
                good &= options.Nested is { } format
                    ? NestedRun.Run(options, format, mode, output)
                    : options.Compare
                    ? new CompareRun(output, progress).Run(options, kind, mode)
                    : new GuestRun(output, progress).Run(options, kind, mode);
            }
            catch (InputException e) when (options.Modes.Length > 1)
            {
                output.WriteLine($"NOT DONE: {e.Message}");
                good = false;
            }
        }

        return good;
    }
}
