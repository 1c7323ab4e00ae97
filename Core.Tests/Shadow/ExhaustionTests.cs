// Shadow judge: memory that runs out at every point in turn: an outcome, nothing lost, and success once there is memory.
using CsCheck;
using Mmu.Tests.Judge;
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
        StreamDriver.FailAllocations(
            () => new StreamRunner(options), stream, PointsInDefaultRun,
            point => StreamRunner.Run(options with { FailAfter = point, FailsOnce = point % 2 == 0 }, stream, new StreamTotals()), output);
    }
}
