// Tests: what is emitted stays safe for declarations that Core does not have.
using System;
using Xunit;

namespace Mmu.Tests.Generators;

public sealed class EmissionTests
{
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

    private static string WalkerOf(string source)
    {
        GeneratorOutcome outcome = GeneratorHarness.Run(source);
        Assert.Empty(outcome.Diagnostics);
        return outcome.SourceOf("Walkers/BadMode.Walker.g.cs");
    }
}
