// Streams of L1 and L2 acting at random on a few tables: what L2 reaches, and what L1 is told, is what its tables say, or said since its last flush.
using System;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class StreamTests
{
    private const int DefaultSteps = 1500, LongSteps = 200_000;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("MMU_LONG") == "1";

    [Theory]
    [InlineData(true, true, false, 1)]
    [InlineData(true, true, true, 2)]
    [InlineData(true, false, false, 3)]
    [InlineData(true, false, true, 4)]
    [InlineData(false, true, false, 5)]
    [InlineData(false, false, false, 6)]
    public void L2SeesWhatL1sTablesSayOrSaidSinceItsLastFlush(bool ept, bool onTdp, bool accessedDirty, ulong seed)
    {
        using NestedStream stream = new(ept, onTdp, accessedDirty, seed);
        for (int step = 0; step < (s_isLong ? LongSteps : DefaultSteps); step++)
        {
            stream.Step();
        }

        TestContext.Current.TestOutputHelper?.WriteLine(stream.ToString());
        Assert.True(stream.Reached > 100 && stream.Told > 20, stream.ToString());
    }
}
