// Judges: runs streams of commands, as they are and with memory that fails at each point in turn.
using System;
using System.Globalization;
using Xunit;

namespace Mmu.Tests.Judge;

internal static class StreamDriver
{
    /// <summary>Runs a stream; what went wrong, or null.</summary>
    /// <param name="make">Makes the machine.</param>
    /// <param name="stream">The commands.</param>
    /// <param name="ended">Told of the machine and how many steps it made.</param>
    internal static string? Run<TRunner, TCommand>(Func<TRunner> make, TCommand[] stream, Action<TRunner, int> ended)
        where TRunner : IStreamRunner<TCommand>
    {
        int step = 0;
        try
        {
            using TRunner runner = make();
            string? wrong = null;
            for (; step < stream.Length && wrong is null; step++)
            {
                wrong = runner.Step(stream[step]);
            }

            ended(runner, step);
            return wrong is null ? null : Describe(stream, step - 1, wrong);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Describe(stream, step, e is JudgeException ? e.Message : e.ToString());
        }
    }

    /// <summary>Makes each allocation of a stream fail in turn, or as many of them, evenly, as the default run has time for.</summary>
    /// <param name="make">Makes the machine whose memory does not fail.</param>
    /// <param name="stream">The commands.</param>
    /// <param name="inDefaultRun">How many; all with MMU_LONG.</param>
    /// <param name="runFailing">Runs the stream with the allocation of this number failing.</param>
    /// <param name="output">Told how many there were.</param>
    internal static void FailAllocations<TRunner, TCommand>(
        Func<TRunner> make, TCommand[] stream, int inDefaultRun, Func<int, string?> runFailing, ITestOutputHelper output)
        where TRunner : IStreamRunner<TCommand>
    {
        int points;
        using (TRunner runner = make())
        {
            foreach (TCommand command in stream)
            {
                Assert.Null(runner.Step(command));
            }

            points = runner.Allocations;
        }

        bool all = Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 };
        int stride = all ? 1 : Math.Max(1, points / inDefaultRun);
        int failed = 0;
        for (int point = 0; point < points; point += stride)
        {
            string? wrong = runFailing(point);
            Assert.True(wrong is null, $"Allocation {point} of {points} failed: {wrong}");
            failed++;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{failed} of {points} allocations made to fail"));
    }

    private static string Describe<TCommand>(TCommand[] stream, int step, string wrong) =>
        string.Create(CultureInfo.InvariantCulture, $"step {step} ({(step < stream.Length ? stream[step]!.ToString() : "the end")}): {wrong}");
}
