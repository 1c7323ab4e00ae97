// Shadow judge: memory that runs out at every point in turn: an outcome, nothing lost, and success once there is memory.
using System;
using System.Globalization;
using CsCheck;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Shadow;

public sealed class ExhaustionTests(ITestOutputHelper output)
{
    private const int Steps = 90;
#if DEBUG
    private const int PointsInDefaultRun = 25;
#else
    private const int PointsInDefaultRun = 90;
#endif

    [Theory]
    [InlineData(OracleMode.Level4)]
    [InlineData(OracleMode.Level5)]
    [InlineData(OracleMode.Pae)]
    [InlineData(OracleMode.Bits32)]
    [InlineData(OracleMode.Off)]
    public void EveryAllocationMayFail(object mode)
    {
        StreamOptions options = new() { Modes = [(OracleMode)mode, OracleMode.Level4], FailAfter = -1, Seed = 3 };
        StreamCommand[] stream = StreamGen.Streams(options.Vcpus, Steps, Steps).Generate(new PCG(1, 1), null, out _);
        int points;
        using (StreamRunner runner = new(options))
        {
            foreach (StreamCommand command in stream)
            {
                Assert.Null(runner.Step(command));
            }

            points = runner.Allocations;
        }

        bool all = Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 };
        int stride = all ? 1 : Math.Max(1, points / PointsInDefaultRun);
        int failed = 0;
        for (int point = 0; point < points; point += stride)
        {
            StreamOptions failing = options with { FailAfter = point, FailsOnce = point % 2 == 0 };
            string? wrong = StreamRunner.Run(failing, stream, new StreamTotals());
            Assert.True(wrong is null, $"Allocation {point} of {points} failed: {wrong}");
            failed++;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{failed} of {points} allocations made to fail"));
    }
}
