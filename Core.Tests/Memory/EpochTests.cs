using System;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class EpochTests
{
    [Fact]
    public void WithoutReadersEverythingIsPast()
    {
        EpochDomain epochs = new(3);

        Assert.True(epochs.IsPast(epochs.Stamp()));
        Assert.Equal(ulong.MaxValue, epochs.OldestReader());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void EveryReaderHoldsItsEpochUntilItLeaves(int reader)
    {
        EpochDomain epochs = new(3);
        ulong entered = epochs.Enter(reader);
        ulong stamp = epochs.Stamp();

        Assert.Equal(entered, stamp);
        Assert.True(epochs.IsInside(reader));
        _ = epochs.Advance();
        Assert.False(epochs.IsPast(stamp));
        epochs.Exit(reader);
        Assert.True(epochs.IsPast(stamp));
        Assert.False(epochs.IsInside(reader));
    }

    [Fact]
    public void ReadersThatEnterAfterAnAdvanceDoNotHoldWhatWasStampedBefore()
    {
        EpochDomain epochs = new(2);
        ulong stamp = epochs.Stamp();
        _ = epochs.Advance();
        ulong entered = epochs.Enter(0);

        Assert.Equal(stamp + 1, entered);
        Assert.True(epochs.IsPast(stamp));
        Assert.False(epochs.IsPast(epochs.Stamp()));
        epochs.Exit(0);
    }

    [Fact]
    public void TheOldestReaderCounts()
    {
        EpochDomain epochs = new(3);
        ulong first = epochs.Enter(1);
        _ = epochs.Advance();
        _ = epochs.Enter(0);
        _ = epochs.Advance();
        ulong last = epochs.Enter(2);

        Assert.Equal(first, epochs.OldestReader());
        epochs.Exit(1);
        Assert.Equal(first + 1, epochs.OldestReader());
        epochs.Exit(0);
        Assert.Equal(last, epochs.OldestReader());
        epochs.Exit(2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(EpochDomain.MaxReaders + 1)]
    public void ReaderCountsOutsideTheLimitsAreRefused(int readers) =>
        Assert.Equal("readers", Assert.Throws<ArgumentOutOfRangeException>(() => new EpochDomain(readers)).ParamName);

    [Fact]
    public void TheLastReaderOfTheLargestDomainCountsToo()
    {
        EpochDomain epochs = new(EpochDomain.MaxReaders);
        ulong entered = epochs.Enter(EpochDomain.MaxReaders - 1);
        Assert.Equal(entered, epochs.OldestReader());
        epochs.Exit(EpochDomain.MaxReaders - 1);
    }
}
