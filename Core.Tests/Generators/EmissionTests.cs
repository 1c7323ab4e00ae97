// Tests: what is emitted stays safe for declarations that Core does not have.
using System;
using Xunit;

namespace Mmu.Tests.Generators;

public sealed class EmissionTests
{
    private const string Layout =
        """

        [PteLayout(64)]
        internal readonly partial struct Good
        {
            [Bit(0)] public partial bool Present { get; }
            [Bit(1)] public partial bool Writable { get; }
            [Bit(2)] public partial bool User { get; }
            [Bit(5)] public partial bool Accessed { get; }
            [Bit(6)] public partial bool Dirty { get; }
            [Bit(7)] public partial bool Large { get; }
            [Bits(12, 39)] public partial ulong Frame { get; }
            [Bit(63)] public partial bool NoExecute { get; }
        }

        """;

    [Theory]
    [InlineData(10, "table + 0x1fff")]
    [InlineData(3, "table + 0x3f")]
    public void AShortRootThatCanStickOutOfItsPageIsCheckedToItsEnd(int indexBits, string last)
    {
        string source = Toys.Source(Toys.Good, Toys.Mode($"[RootTable({indexBits})]", "typeof(Good), Levels = 2, IndexBits = 11"));
        Assert.Contains($"window.Holds({last})", WalkerOf(source), StringComparison.Ordinal);
    }

    [Fact]
    public void AShortRootOfFourEntriesNeedsNoSecondCheck()
    {
        string source = Toys.Source(Toys.Good, Toys.Mode("[RootTable(2)]", "typeof(Good), Levels = 3, IndexBits = 9"));
        Assert.DoesNotContain("Holds(table +", WalkerOf(source), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("[HighFrame(2, 13, 20, addressBit: 40)]", false)]
    public void ModesWithFrameBitsThatStandApartAreNotWalkedInVectors(string more, bool vectors)
    {
        string walker = WalkerOf(Toys.Source(Layout, Toys.Mode("[Leaf(2)] " + more)));
        Assert.Equal(vectors, walker.Contains("Walk32", StringComparison.Ordinal));
    }

    private static string WalkerOf(string source)
    {
        GeneratorOutcome outcome = GeneratorHarness.Run(source);
        Assert.Empty(outcome.Diagnostics);
        return outcome.SourceOf("Walkers/BadMode.Walker.g.cs");
    }
}
