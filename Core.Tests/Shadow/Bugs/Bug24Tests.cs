// Bug 24: a snapshot of the invalidation sequence was narrower than the counter, and vCPUs tried again for ever. The rule: both are 64 bits
// wide.
using System.Runtime.CompilerServices;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug24Tests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(0x7FFF_FFFFUL)]
    [InlineData(0xFFFF_FFFFUL)]
    [InlineData(0x7FFF_FFFF_FFFF_FFFFUL)]
    public void Bug24ASnapshotHasTheWidthOfTheCounter(ulong ended)
    {
        InvalidateSequence sequence = new();
        SequenceOf(sequence) = ended;
        ulong snapshot = sequence.Snapshot();
        Assert.False(sequence.IsStale(snapshot, 5));
        sequence.Begin(0, 1);
        Assert.False(sequence.IsStale(snapshot, 5));
        sequence.End();
        Assert.True(sequence.IsStale(snapshot, 5));
        Assert.False(sequence.IsStale(sequence.Snapshot(), 5));

        // As many more as a counter of 32 bits does not see.
        SequenceOf(sequence) = ended + (1UL << 32);
        Assert.True(sequence.IsStale(snapshot, 5));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_sequence")]
    private static extern ref ulong SequenceOf(InvalidateSequence sequence);
}
