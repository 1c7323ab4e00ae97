// Tests: what a host can be.
using System;
using Mmu.Sptes;
using Xunit;

namespace Mmu.Tests.Sptes;

public sealed class HostTests
{
    [Theory]
    [InlineData(31, 0UL, false, "physicalAddressBits")]
    [InlineData(53, 0UL, false, "physicalAddressBits")]
    [InlineData(int.MinValue, 0UL, false, "physicalAddressBits")]
    [InlineData(int.MaxValue, 0UL, false, "physicalAddressBits")]
    [InlineData(46, 1UL << 52, false, "encryptionBit")]
    [InlineData(46, 1UL << 11, false, "encryptionBit")]
    [InlineData(46, 3UL << 47, false, "encryptionBit")]
    [InlineData(47, 0UL, true, "l1tf")]
    [InlineData(43, 1UL << 47, true, "l1tf")]
    public void FactOutsideItsLimitsIsRefusedByName(int width, ulong encryptionBit, bool l1tf, string argument)
    {
        ArgumentOutOfRangeException refused =
            Assert.Throws<ArgumentOutOfRangeException>(() => new SpteHost(width, encryptionBit, l1tf));

        Assert.Equal(argument, refused.ParamName);
        Assert.StartsWith(argument + ": ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(32, 0UL, 1UL << 51)]
    [InlineData(51, 0UL, 1UL << 51)]
    [InlineData(52, 0UL, 0UL)]
    [InlineData(43, 1UL << 47, 0xF_F800_0000_0000UL)]
    [InlineData(47, 1UL << 47, 0xF_0000_0000_0000UL)]
    [InlineData(51, 1UL << 51, 0UL)]
    [InlineData(52, 1UL << 51, 0UL)]
    public void LegacyMmioIsMarkedByReservedAddressBits(int width, ulong encryptionBit, ulong mark)
    {
        var host = new SpteHost(width, encryptionBit);

        Assert.Equal(mark, host.MmioMark);
        Assert.Equal(mark != 0, host.MmioCaching);
        Assert.Equal(mark != 0, LegacySpte.CachesMmio(host));
        Assert.Equal(mark != 0, PaeSpte.CachesMmio(host));
        Assert.Equal(mark != 0, NptSpte.CachesMmio(host));
        Assert.True(EptSpte.CachesMmio(host));
        Assert.True(EptNoAdSpte.CachesMmio(host));
    }
}
