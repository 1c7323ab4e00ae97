// The sequence that tells whether a frame found without the lock is stale.
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class InvalidateSequenceTests
{
    private readonly InvalidateSequence _sequence = new();

    [Fact]
    public void AFrameIsStaleWhileItsRangeIsUnmappedAndAnyIsAfterwards()
    {
        ulong before = _sequence.Snapshot();
        Assert.False(_sequence.IsStale(before, 15));
        _sequence.Begin(10, 20);
        Assert.False(_sequence.IsStale(before, 9));
        Assert.True(_sequence.IsStale(before, 10));
        Assert.True(_sequence.IsStale(before, 19));
        Assert.False(_sequence.IsStale(before, 20));
        _sequence.End();
        Assert.True(_sequence.IsStale(before, 15));
        Assert.True(_sequence.IsStale(before, 9));
        Assert.False(_sequence.IsStale(_sequence.Snapshot(), 15));
    }

    [Fact]
    public void ASnapshotTakenDuringAnUnmappingIsStaleAfterIt()
    {
        _sequence.Begin(10, 20);
        ulong during = _sequence.Snapshot();
        _sequence.End();
        Assert.True(_sequence.IsStale(during, 15));
    }

    [Fact]
    public void RangesThatOverlapInTimeWidenUntilTheLastHasEnded()
    {
        _sequence.Begin(10, 20);
        _sequence.Begin(30, 40);
        _sequence.End();
        ulong now = _sequence.Snapshot();
        Assert.True(_sequence.IsStale(now, 15));
        Assert.True(_sequence.IsStale(now, 25));
        Assert.True(_sequence.IsStale(now, 35));
        _sequence.End();
        _sequence.Begin(50, 60);
        Assert.False(_sequence.IsStale(_sequence.Snapshot(), 15));
        _sequence.End();
    }

    /// <summary>Bug 24: a snapshot that is narrower than the counter never fits again, and faults are tried for ever.</summary>
    [Theory]
    [InlineData(0x7FFF_FFFF)]
    [InlineData(0x8000_0000)]
    [InlineData(0xFFFF_FFFF)]
    [InlineData(0x1_0000_0000)]
    [InlineData(0x8000_0000_0000_0000)]
    public void ASnapshotFitsAtEveryWidth(ulong first)
    {
        InvalidateSequence sequence = new(first);
        Assert.False(sequence.IsStale(sequence.Snapshot(), 1));
        ulong before = sequence.Snapshot();
        sequence.Begin(1, 2);
        sequence.End();
        Assert.True(sequence.IsStale(before, 1));
        Assert.False(sequence.IsStale(sequence.Snapshot(), 1));
    }
}
