// Tests: generated accessors, masks and describer of the layouts that ship.
using Microsoft.CodeAnalysis;
using Mmu.Architecture;
using Xunit;

namespace Mmu.Tests.Generators;

public sealed class LayoutTests
{
    [Fact]
    public void EachFlagReadsItsOwnBit()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            var entry = new Pte64(1UL << bit);

            Assert.Equal(bit == 0, entry.Present);
            Assert.Equal(bit == 1, entry.Writable);
            Assert.Equal(bit == 2, entry.User);
            Assert.Equal(bit == 3, entry.WriteThrough);
            Assert.Equal(bit == 4, entry.CacheDisable);
            Assert.Equal(bit == 5, entry.Accessed);
            Assert.Equal(bit == 6, entry.Dirty);
            Assert.Equal(bit == 7, entry.Large);
            Assert.Equal(bit == 7, entry.Pat);
            Assert.Equal(bit == 8, entry.Global);
            Assert.Equal(bit == 12, entry.LargePat);
            Assert.Equal(bit is >= 12 and <= 51 ? 1UL << (bit - 12) : 0, entry.Frame);
            Assert.Equal(bit is >= 59 and <= 62 ? 1UL << (bit - 59) : 0, entry.ProtectionKey);
            Assert.Equal(bit == 63, entry.NoExecute);
        }
    }

    [Fact]
    public void AllBitsOfA32BitEntryAreRead()
    {
        var entry = new Pte32(0xFFFF_FFFF);

        Assert.Equal(0xF_FFFFUL, entry.Frame);
        Assert.Equal(0xFFFF_FFFFU, entry.Value);
        Assert.True(entry.Present && entry.Global && entry.LargePat);
    }

    [Fact]
    public void MasksAreTheBitsOfTheFields()
    {
        Assert.Equal(0x000F_FFFF_FFFF_F000UL, Pte64.FrameMask);
        Assert.Equal(12, Pte64.FrameShift);
        Assert.Equal(0x7800_0000_0000_0000UL, Pte64.ProtectionKeyMask);
        Assert.Equal(0x38UL, EptPte.MemoryTypeMask);
        Assert.Equal(1UL << 63, EptPte.SuppressVeMask);
        Assert.Equal(0xFFFF_F000UL, Pte32.FrameMask);
    }

    [Theory]
    [InlineData(0UL, "frame=0x0")]
    [InlineData(0x8000_0000_1234_5067UL, "P W U A D NX frame=0x12345")]
    [InlineData(0x2800_0000_0020_01E1UL, "P A D PS G key=5 frame=0x200")]
    [InlineData(ulong.MaxValue, "P W U PWT PCD A D PS G key=15 NX frame=0xffffffffff")]
    public void EntryDescribesItself(ulong entry, string expected)
    {
        Assert.Equal(expected, new Pte64(entry).Describe());
        Assert.Equal(expected, new Pte64(entry).ToString());
    }

    [Fact]
    public void EptEntryDescribesItself() =>
        Assert.Equal("R W X type=6 IPAT PS A D XU SuppressVe frame=0x40000", new EptPte(0x8000_0000_4000_07F7UL).Describe());

    [Fact]
    public void NamesThatAreKeywordsAreGenerated()
    {
        string fields = "[Bit(9)] internal partial bool @class { get; } [Bits(52, 53)] public readonly partial ulong @in { get; }";

        GeneratorOutcome outcome = GeneratorHarness.Run(Toys.Source(Toys.Layout(fields)));

        AssertCompiles(outcome);
    }

    [Fact]
    public void LayoutInTheGlobalNamespaceIsGenerated()
    {
        string source = "using Mmu.Architecture.Generation;\n" + Toys.Good;

        GeneratorOutcome outcome = GeneratorHarness.Run(source);

        AssertCompiles(outcome);
    }

    private static void AssertCompiles(GeneratorOutcome outcome)
    {
        Assert.Empty(outcome.Diagnostics);
        Assert.DoesNotContain(
            outcome.Output.GetDiagnostics(TestContext.Current.CancellationToken),
            problem => problem.Severity >= DiagnosticSeverity.Warning);
    }
}
