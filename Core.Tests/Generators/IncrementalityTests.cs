// Tests: what an edit makes the generator do again, and what it does not.
using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Mmu.Tests.Generators;

public sealed class IncrementalityTests
{
    [Fact]
    public void CoreDeclarationsAreCachedOnTheSecondRun() =>
        Assert.Empty(GeneratorHarness.Run(GeneratorHarness.CoreDeclarations).Diagnostics);

    [Fact]
    public void EditOfAnUnrelatedFileGeneratesNothing()
    {
        SyntaxTree before = GeneratorHarness.Parse("class Unrelated;", "Unrelated.cs");
        SyntaxTree after = GeneratorHarness.Parse("class Unrelated { int _edited; }", "Unrelated.cs");
        CSharpCompilation compilation = GeneratorHarness.Compile([.. GeneratorHarness.CoreDeclarations, before]);

        GeneratorRunResult second = RunTwice(compilation, compilation.ReplaceSyntaxTree(before, after));

        GeneratorHarness.AssertAllCached(second);
    }

    [Fact]
    public void MovedDeclarationIsReadAgainButNotGeneratedAgain()
    {
        string source = Toys.Source(Toys.Good, Toys.Mode(""));

        GeneratorRunResult second = Edit(source, "// A new first line.\n" + source);

        // Parsing sees new locations; the specifications and all sources stay as they are.
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, "LayoutsParsed"));
        AssertKept(Reasons(second, "Layouts"));
        AssertKept(Reasons(second, "Modes"));
        AssertKept(SourceOutputs(second));
    }

    [Fact]
    public void MovedMistakeIsReportedAtItsNewPlace()
    {
        string source = Toys.Source(Toys.Good, Toys.Layout("[Bit(1)] public partial bool Accessed { get; }"));

        GeneratorRunResult second = Edit(source, "\n\n" + source);

        int line = source[..source.IndexOf("Accessed", StringComparison.Ordinal)].Count(c => c == '\n') + 2;
        Assert.Equal(line, Assert.Single(second.Diagnostics).Location.GetLineSpan().StartLinePosition.Line);
        AssertKept(SourceOutputs(second));
    }

    [Fact]
    public void EditOfALayoutReachesTheModesThatUseIt()
    {
        string other = Toys.Mode("", "typeof(Bad), Levels = 2, IndexBits = 9").Replace("BadMode", "Other", StringComparison.Ordinal);
        string mode = Toys.Mode("") + other;
        string source = Toys.Source(Toys.Good, Toys.Layout(""), mode);

        GeneratorRunResult second = Edit(source, source.Replace("Bits(12, 31)", "Bits(12, 39)", StringComparison.Ordinal));

        // The edited layout and the mode on it, which stands second; the others are kept.
        foreach (string step in (string[])["Layouts", "Modes"])
        {
            IncrementalStepRunReason[] reasons = [.. Reasons(second, step)];
            Assert.Equal(2, reasons.Length);
            AssertKept(reasons.Take(1));
            Assert.Equal(IncrementalStepRunReason.Modified, reasons[1]);
        }
    }

    [Theory]
    [InlineData("[Bit(0)] public", "[BitAttribute(index: 0)]   public /* same */")]
    [InlineData("[Bits(12, 51)]", "[Bits(0xC, 50 + 1)]")]
    [InlineData("[Leaf(1)]", "[Leaf(level: 1, NeedsPse = false)]")]
    [InlineData("Levels = 4, IndexBits = 9", "IndexBits = 9, Levels = 4, Address = AddressForm.Canonical")]
    [InlineData("[Leaf(1)]\n[Leaf(2)]", "[Leaf(2), Leaf(1)]")]
    [InlineData(
        "[Reserved(7, 7, Level = 4)]",
        "[Reserved(7, 7, In = EntryKinds.Leaf | EntryKinds.Table, Level = 4, When = ReservedWhen.Always)]")]
    public void EquivalentSourcesGiveEqualSpecifications(string written, string otherwise)
    {
        string source = Toys.Source(Toys.Good, Toys.Mode("[Leaf(2)]\n[Reserved(7, 7, Level = 4)]"));
        string equivalent = source.Replace(written, otherwise, StringComparison.Ordinal);
        Assert.NotEqual(source, equivalent);

        GeneratorRunResult second = Edit(source, equivalent);

        Assert.Empty(second.Diagnostics);
        AssertKept(Reasons(second, "Layouts"));
        AssertKept(Reasons(second, "Modes"));
    }

    [Theory]
    [InlineData("Levels = 4", "Levels = 5")]
    [InlineData("IndexBits = 9", "IndexBits = 8")]
    [InlineData("[Leaf(2)]", "[Leaf(2)] [Leaf(3)]")]
    [InlineData("[Leaf(2)]", "[Leaf(2, NeedsPse = true)]")]
    [InlineData("Reserved(8, 8", "Reserved(8, 9")]
    [InlineData("Reserved(8, 8", "Reserved(9, 9")]
    [InlineData("When = ReservedWhen.Amd", "When = ReservedWhen.No1GPages")]
    [InlineData("Level = 4", "Level = 3")]
    [InlineData("Level = 4", "Level = 4, In = EntryKinds.Table")]
    [InlineData("struct BadMode", "struct Renamed")]
    [InlineData("namespace Toy", "namespace Other")]
    [InlineData("[Bit(7)] public", "[Bit(8)] public")]
    [InlineData("[Bits(12, 43)]", "[Bits(12, 42)]")]
    [InlineData("[RootTable(2)]", "[RootTable(4)]")]
    [InlineData("[RootTable(2)]", "[RootTable(2, InRegisters = true)]")]
    [InlineData("HighFrame(2, 13, 19, 44)", "HighFrame(2, 13, 18, 44)")]
    [InlineData("Address = AddressForm.ZeroExtended", "Address = AddressForm.Canonical")]
    public void EveryPartOfADeclarationIsPartOfItsSpecification(string written, string otherwise)
    {
        string more = "[Leaf(2)] [Reserved(8, 8, Level = 4, When = ReservedWhen.Amd)] [RootTable(2)] [HighFrame(2, 13, 19, 44)]";
        string layout = Toys.Good.Replace("Bits(12, 51)", "Bits(12, 43)", StringComparison.Ordinal);
        string source = Toys.Source(layout, Toys.Mode(more, "typeof(Good), Levels = 4, IndexBits = 9, Address = AddressForm.ZeroExtended"));
        string edited = source.Replace(written, otherwise, StringComparison.Ordinal);
        Assert.NotEqual(source, edited);

        GeneratorRunResult second = Edit(source, edited);

        Assert.Empty(second.Diagnostics);
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, "Modes"));
    }

    [Theory]
    [InlineData("typeof(Good)", "layout: typeof(Good), SoftwareAccessedDirty = false")]
    [InlineData("[Bit(9)]", "[BitAttribute(index: 9)]")]
    [InlineData("[MmioGeneration(3, 9)]\n[MmioGeneration(52, 62)]", "[MmioGeneration(3, 3 + 6), MmioGeneration(0x34, 62)]")]
    public void EquivalentSpteFormatsGiveEqualSpecifications(string written, string otherwise)
    {
        string source = Toys.Source(Toys.GoodSpteLayout, Toys.SpteFormat(""));
        string equivalent = source.Replace(written, otherwise, StringComparison.Ordinal);
        Assert.NotEqual(source, equivalent);

        GeneratorRunResult second = Edit(source, equivalent);

        Assert.Empty(second.Diagnostics);
        AssertKept(Reasons(second, "Sptes"));
        AssertKept(SourceOutputs(second));
    }

    [Theory]
    [InlineData("[Bit(53)]", "[Bit(52)]")]
    [InlineData("[Bits(60, 61)]", "[Bits(58, 59)]")]
    [InlineData("[Reserved(57, 57)]", "")]
    [InlineData("[MmioGeneration(3, 9)]\n[MmioGeneration(52, 62)]", "[MmioGeneration(52, 62)]\n[MmioGeneration(3, 9)]")]
    [InlineData("[MmioGeneration(52, 62)]", "[MmioGeneration(52, 61)] [MmioGeneration(10, 10)]")]
    [InlineData("[MmioMark(0, 2, 6)]", "[MmioMark(0, 2, 2)]")]
    [InlineData("struct BadSpte", "struct Renamed")]
    [InlineData("namespace Toy", "namespace Other")]
    [InlineData("[Bit(9)] public", "[Bit(59)] public")]
    public void EveryPartOfAnSpteFormatIsPartOfItsSpecification(string written, string otherwise)
    {
        string source = Toys.Source(Toys.GoodSpteEptLayout, Toys.EptSpteFormat("[Reserved(57, 57)]"));
        string edited = source.Replace(written, otherwise, StringComparison.Ordinal);
        Assert.NotEqual(source, edited);

        GeneratorRunResult second = Edit(source, edited);

        Assert.Empty(second.Diagnostics);
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, "Sptes"));
    }

    [Theory]
    [InlineData("typeof(Good)", "typeof(Good), ProtectionKeys = true")]
    [InlineData("[MmioGeneration(3, 9)]", "[MmioGeneration(3, 8)] [MmioGeneration(10, 10)]")]
    public void EveryPartOfALegacySpteFormatIsPartOfItsSpecification(string written, string otherwise)
    {
        string source = Toys.Source(Toys.GoodSpteLayout, Toys.SpteFormat(""));

        GeneratorRunResult second = Edit(source, source.Replace(written, otherwise, StringComparison.Ordinal));

        Assert.Empty(second.Diagnostics);
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, "Sptes"));
    }

    [Fact]
    public void MovedSpteFormatIsReadAgainButNotGeneratedAgain()
    {
        string source = Toys.Source(Toys.GoodSpteLayout, Toys.SpteFormat(""));

        GeneratorRunResult second = Edit(source, "// A new first line.\n" + source);

        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, "SptesParsed"));
        AssertKept(Reasons(second, "Sptes"));
        AssertKept(SourceOutputs(second));
    }

    [Fact]
    public void EditOfALayoutReachesTheSpteFormatsOnIt()
    {
        string source = Toys.Source(Toys.GoodSpteLayout, Toys.SpteFormat(""));

        GeneratorRunResult second = Edit(source, source.Replace("[Bit(8)] public", "[Bit(58)] public", StringComparison.Ordinal));

        Assert.Empty(second.Diagnostics);
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, "Sptes"));
    }

    [Fact]
    public void PipelineHoldsNothingOfTheCompilation()
    {
        SyntaxTree illegal = GeneratorHarness.Parse(Toys.Source(Toys.Layout("[Bit(1)] public partial bool Accessed { get; }")));
        CSharpCompilation compilation = GeneratorHarness.Compile([.. GeneratorHarness.CoreDeclarations, illegal]);
        GeneratorRunResult result = GeneratorHarness.RunOnce(compilation);

        string[] steps = ["LayoutsParsed", "Layouts", "ModesParsed", "Modes", "SptesParsed", "Sptes"];
        int visited = 0;
        foreach (string step in steps)
        {
            foreach ((object value, IncrementalStepRunReason _) in result.TrackedSteps[step].SelectMany(run => run.Outputs))
            {
                visited += ObjectGraph.AssertHoldsOnlyData(value);
            }
        }

        Assert.True(visited > 200, $"only {visited} objects seen");
    }

    private static GeneratorRunResult Edit(string before, string after)
    {
        SyntaxTree tree = GeneratorHarness.Parse(before);
        CSharpCompilation compilation = GeneratorHarness.Compile([.. GeneratorHarness.Attributes, tree]);
        return RunTwice(compilation, compilation.ReplaceSyntaxTree(tree, GeneratorHarness.Parse(after)));
    }

    private static GeneratorRunResult RunTwice(CSharpCompilation before, CSharpCompilation after)
    {
        GeneratorDriver driver = GeneratorHarness.NewDriver().RunGenerators(before, TestContext.Current.CancellationToken);
        Assert.Null(driver.GetRunResult().Results.Single().Exception);
        GeneratorRunResult result = driver.RunGenerators(after, TestContext.Current.CancellationToken).GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        return result;
    }

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorRunResult result, string step) =>
        result.TrackedSteps[step].SelectMany(run => run.Outputs).Select(output => output.Reason);

    private static void AssertKept(IEnumerable<IncrementalStepRunReason> reasons)
    {
        Assert.NotEmpty(reasons);
        Assert.DoesNotContain(
            reasons, reason => reason is not (IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged));
    }

    // Output steps that report diagnostics take pairs (a result and the names that clash); those that make source do not.
    private static IEnumerable<IncrementalStepRunReason> SourceOutputs(GeneratorRunResult result) => result.TrackedOutputSteps
        .SelectMany(step => step.Value)
        .Where(run => run.Inputs.All(input => input.Source.Name is "Layouts" or "Modes" or "Sptes"))
        .SelectMany(run => run.Outputs)
        .Select(output => output.Reason);
}
