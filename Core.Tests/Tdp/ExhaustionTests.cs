// TDP judge: memory that runs out at every point in turn: an outcome, nothing lost, and success once there is memory.
using CsCheck;
using Mmu.Common;
using Mmu.Tests.Judge;
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
        StreamDriver.FailAllocations(
            () => new GpaStreamRunner(options), stream, PointsInDefaultRun,
            point => GpaStreamRunner.Run(options with { FailAfter = point, FailsOnce = point % 2 == 0 }, stream, new GpaStreamTotals()), output);
    }
}
