// TDP judge: memory that runs out at every point in turn: an outcome, nothing lost, and success once there is memory.
using System;
using System.Globalization;
using CsCheck;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Tdp;

public sealed class ExhaustionTests(ITestOutputHelper output)
{
    private const int Steps = 120;
#if DEBUG
    private const int PointsInDefaultRun = 25;
#else
    private const int PointsInDefaultRun = 40;
#endif

    [Theory]
    [InlineData(TdpFormat.Ept, 4)]
    [InlineData(TdpFormat.EptNoAccessedDirty, 5)]
    [InlineData(TdpFormat.Npt, 4)]
    public void EveryAllocationMayFail(TdpFormat format, int levels)
    {
        GpaStreamOptions options = new() { Tdp = new TdpOptions { Format = format, Levels = levels }, FailAfter = -1, Seed = 3 };
        GpaStreamCommand[] stream = GpaStreamGen.Streams(options.Vcpus, Steps).Generate(new PCG(1, 1), null, out _);
        int points;
        using (GpaStreamRunner runner = new(options))
        {
            foreach (GpaStreamCommand command in stream)
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
            GpaStreamOptions failing = options with { FailAfter = point, FailsOnce = point % 2 == 0 };
            string? wrong = GpaStreamRunner.Run(failing, stream, new GpaStreamTotals());
            Assert.True(wrong is null, $"Allocation {point} of {points} failed: {wrong}");
            failed++;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{failed} of {points} allocations made to fail"));
    }
}
