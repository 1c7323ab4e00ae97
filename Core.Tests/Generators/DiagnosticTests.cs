// Tests: every illegal declaration is reported at its attribute, and costs the output of nothing else.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Parsing;
using Xunit;

namespace Mmu.Tests.Generators;

public sealed class DiagnosticTests
{
    public static TheoryData<string> LayoutCases => [.. LayoutDiagnosticCases.All.Select(row => row.ToString())];

    public static TheoryData<string> ModeCases => [.. ModeDiagnosticCases.All.Select(row => row.ToString())];

    public static TheoryData<string> SpteCases => [.. SpteDiagnosticCases.All.Select(row => row.ToString())];

    public static TheoryData<string> Ids => [.. Descriptors().Select(descriptor => descriptor.Id)];

    [Theory]
    [MemberData(nameof(LayoutCases))]
    public void IllegalLayoutIsReportedAtItsAttribute(string name) =>
        Check(LayoutDiagnosticCases.All.Single(row => row.ToString() == name), "Bad");

    [Theory]
    [MemberData(nameof(ModeCases))]
    public void IllegalModeIsReportedAtItsAttribute(string name) =>
        Check(ModeDiagnosticCases.All.Single(row => row.ToString() == name), "BadMode");

    [Theory]
    [MemberData(nameof(SpteCases))]
    public void IllegalSpteFormatIsReportedAtItsAttribute(string name) =>
        Check(SpteDiagnosticCases.All.Single(row => row.ToString() == name), "BadSpte");

    [Fact]
    public void LegalSpteFormatsAreNotReported()
    {
        Assert.Empty(GeneratorHarness.Run(Toys.Source(Toys.GoodSpteLayout, Toys.SpteFormat(""))).Diagnostics);
        Assert.Empty(GeneratorHarness.Run(Toys.Source(Toys.GoodSpteEptLayout, Toys.EptSpteFormat(""))).Diagnostics);
    }

    [Fact]
    public void SpteFormatOnAnIllegalLayoutIsNotReportedAgain()
    {
        string layout = Toys.Layout("[Bit(1)] public partial bool Accessed { get; }");

        GeneratorOutcome outcome = GeneratorHarness.Run(Toys.Source(layout, Toys.SpteFormat("", "typeof(Bad)")));

        Assert.Equal("MMU1001", Assert.Single(outcome.Diagnostics).Id);
        Assert.Empty(outcome.HintNames);
    }

    [Fact]
    public void LegalDeclarationsAreNotReported()
    {
        GeneratorOutcome outcome = GeneratorHarness.Run(Toys.Source(Toys.Good, Toys.Layout(""), Toys.Mode("")));

        Assert.Empty(outcome.Diagnostics);
    }

    [Fact]
    public void ModeOnAnIllegalLayoutIsNotReportedAgain()
    {
        string layout = Toys.Layout("[Bit(1)] public partial bool Accessed { get; }");

        GeneratorOutcome outcome = GeneratorHarness.Run(Toys.Source(layout, Toys.Mode("", "typeof(Bad), Levels = 4, IndexBits = 9")));

        Assert.Equal("MMU1001", Assert.Single(outcome.Diagnostics).Id);
        Assert.Empty(outcome.HintNames);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void EveryDiagnosticHasACaseAndAPage(string id)
    {
        DiagnosticDescriptor descriptor = Descriptors().Single(candidate => candidate.Id == id);
        string page = File.ReadAllText(RepositoryFiles.PathOf($"docs/diagnostics/{id}.md"));

        Assert.StartsWith($"# {id}: {descriptor.Title}\n", page, StringComparison.Ordinal);
        Assert.Equal($"docs/diagnostics/{id}.md", descriptor.HelpLinkUri);
        Assert.Contains(LayoutDiagnosticCases.All.Concat(ModeDiagnosticCases.All).Concat(SpteDiagnosticCases.All), row => row.Id == id);
    }

    [Fact]
    public void EveryPageBelongsToADiagnostic()
    {
        string folder = RepositoryFiles.PathOf("docs/diagnostics");
        IEnumerable<string?> pages = Directory.GetFiles(folder, "*.md").Select(Path.GetFileNameWithoutExtension);

        Assert.Equal(Descriptors().Select(descriptor => descriptor.Id).Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
    }

    private static void Check(DiagnosticCase row, string badName)
    {
        bool hasGood = row.Source.Contains("struct Good", StringComparison.Ordinal);
        string source = Toys.Source(row.Source, hasGood ? "" : Toys.Good);

        GeneratorOutcome outcome = GeneratorHarness.Run(source);

        Assert.NotEmpty(outcome.Diagnostics);
        foreach (Diagnostic diagnostic in outcome.Diagnostics)
        {
            Assert.True(row.Id == diagnostic.Id, diagnostic.ToString());
            Assert.Equal(row.At, source.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length));
            Assert.DoesNotContain('{', diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture));
        }

        Assert.Contains("Formats/Good.Layout.g.cs", outcome.HintNames);
        Assert.DoesNotContain(outcome.HintNames, name => name.Contains(badName + ".", StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<DiagnosticDescriptor> Descriptors() =>
        new[] { typeof(LayoutDiagnostics), typeof(ModeDiagnostics), typeof(SpteDiagnostics) }
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
        .Select(field => field.GetValue(null))
        .OfType<DiagnosticDescriptor>();
}
