// Tests: declarations that are half typed, mangled or nonsense never make the generator throw.
using System;
using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Mmu.Tests.Generators;

public sealed class RobustnessTests
{
    private const int Seed = 20240607;
    private const int Rounds = 200;

    private static readonly int[] _numbers =
        [int.MinValue, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 16, 20, 21, 31, 32, 40, 51, 52, 57, 62, 63, 64, int.MaxValue];

    [Fact]
    public void SourceThatIsMangledIsLegalBefore() => Assert.Empty(AssertDoesNotThrow(LegalSource()).Diagnostics);

    [Fact]
    public void HalfTypedDeclarationsDoNotThrow()
    {
        string source = LegalSource();
        for (int length = 0; length < source.Length; length += 7)
        {
            AssertDoesNotThrow(source[..length]);
        }
    }

    [Fact]
    public void DeclarationsWithATokenLeftOutDoNotThrow()
    {
        string source = LegalSource();
        SyntaxToken[] tokens = [.. GeneratorHarness.Parse(source).GetRoot(TestContext.Current.CancellationToken).DescendantTokens()];
        foreach (SyntaxToken token in tokens)
        {
            AssertDoesNotThrow(source.Remove(token.SpanStart, token.Span.Length));
        }
    }

    [Fact]
    public void RandomNumbersAreEitherReportedOrGenerated()
    {
        var random = new Random(Seed);
        int legal = 0;
        for (int round = 0; round < Rounds; round++)
        {
            string source = RandomSource(random);
            GeneratorRunResult result = AssertDoesNotThrow(source);
            Assert.True(result.Diagnostics.Length > 0 || result.GeneratedSources.Length > 0, source);
            legal += result.Diagnostics.Length == 0 ? 1 : 0;
        }

        Assert.InRange(legal, 1, Rounds - 1);
    }

    private static string LegalSource() => Toys.Source(
        Toys.Good.Replace("Bits(12, 51)", "Bits(12, 31)", StringComparison.Ordinal),
        Toys.Mode(
            "[Leaf(2)] [RootTable(4)] [HighFrame(2, 13, 20, addressBit: 32)]"
            + "[Reserved(52, 63, Level = 3, In = EntryKinds.Any, When = ReservedWhen.Amd)]"));

    private static string RandomSource(Random random)
    {
        string layout = Toys.Good;
        string attributes = "";
        for (int i = random.Next(4); i > 0; i--)
        {
            attributes += random.Next(4) switch
            {
                0 => $"[Leaf({Number(random)})]\n",
                1 => $"[Reserved({Number(random)}, {Number(random)}, Level = {Number(random)}, In = (EntryKinds){Number(random)})]\n",
                2 => $"[HighFrame({Number(random)}, {Number(random)}, {Number(random)}, {Number(random)})]\n",
                _ => $"[Reserved({Number(random)}, {Number(random)}, When = (ReservedWhen){Number(random)})]\n",
            };
        }

        string field = random.Next(2) == 0 ? "" : $"[Bits({Number(random)}, {Number(random)})] public partial ulong Software {{ get; }}";
        string levels = random.Next(2) == 0 ? "4" : Number(random);
        string indexBits = random.Next(2) == 0 ? "9" : Number(random);
        string head = $"typeof({(field.Length == 0 ? "Good" : "Bad")}), Levels = {levels}, IndexBits = {indexBits}";
        return Toys.Source(layout, field.Length == 0 ? "" : Toys.Layout(field), Toys.Mode(attributes, head));
    }

    private static string Number(Random random)
    {
        int number = _numbers[random.Next(_numbers.Length)];
        return number == int.MinValue ? "int.MinValue" : $"({number.ToString(CultureInfo.InvariantCulture)})";
    }

    private static GeneratorRunResult AssertDoesNotThrow(string source)
    {
        CSharpCompilation compilation = GeneratorHarness.Compile([.. GeneratorHarness.Attributes, GeneratorHarness.Parse(source)]);
        GeneratorRunResult result = GeneratorHarness.RunOnce(compilation);
        Assert.True(result.Exception is null, $"{result.Exception}\n{source}");
        return result;
    }
}
