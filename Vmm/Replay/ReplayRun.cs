// Vmm: the work of `mmu replay`: opens the trace, builds the machines, reports.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Mmu.Vmm.Images;
using Mmu.Vmm.Traces;

namespace Mmu.Vmm.Replay;

/// <summary>Runs one replay.</summary>
internal static class ReplayRun
{
    /// <summary>The exit code when an answer differs.</summary>
    internal const int Differs = 1;

    /// <summary>Replays as <paramref name="options"/> say.</summary>
    /// <param name="options">The options.</param>
    /// <param name="output">Where differences and the report go.</param>
    /// <param name="progress">Where progress is drawn.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">The trace is unusable.</exception>
    public static int Run(ReplayOptions options, TextWriter output, Progress progress)
    {
        using var reader = TraceReader.Open(options.File);
        var machines = new List<IReplayMachine>();
        try
        {
            if (options.OnWalker)
            {
                machines.Add(new WalkerMachine(reader.Header));
            }

            if (options.OnTlb)
            {
                machines.Add(OnVm(() => new SoftTlbMachine(reader.Header)));
            }

            ShadowMachine? shadow = null;
            if (options.OnShadow)
            {
                shadow = OnVm(() => new ShadowMachine(reader.Header));
                machines.Add(shadow);
            }

            var differences = new DifferenceLog(output, machines.Count);
            using TraceRecorder? recorder = options.Record is { } path
                ? new TraceRecorder(TraceRecorder.CreateFile(path), reader.Header, gpa => machines[0].Ram.Page(gpa))
                : null;
            var clock = Stopwatch.StartNew();
            var replayer = new Replayer(reader, machines, differences, recorder, progress);
            replayer.Run(options.Limit, options.RecordFrom);
            if (shadow?.Audit() is { } broken)
            {
                differences.Add(machines.IndexOf(shadow), reader.Records, $"an invariant of the shadow tables is broken: {broken}", null);
            }

            ReplayReport.Write(output, reader, replayer, machines, differences, clock.Elapsed);
            return differences.Total == 0 ? 0 : Differs;
        }
        finally
        {
            machines.ForEach(machine => machine.Dispose());
        }
    }

    private static T OnVm<T>(Func<T> create)
    {
        try
        {
            return create();
        }
        catch (NotSupportedException e)
        {
            throw new InputException($"{ImageFile.OneLine(e)} Use --walker-only.", e);
        }
    }
}
