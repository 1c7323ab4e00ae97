// Tests: runs the generator on in-memory compilations, always twice, so that every test is also a test of caching.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Mmu.Generators;
using Xunit;

namespace Mmu.Tests.Generators;

/// <summary>Runs the generator.</summary>
internal static class GeneratorHarness
{
    private static readonly CSharpParseOptions _parseOptions = new(LanguageVersion.CSharp14);

    private static readonly ImmutableArray<MetadataReference> _references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly string[] _ownSteps = ["LayoutsParsed", "Layouts", "ModesParsed", "Modes", "SptesParsed", "Sptes"];

    /// <summary>The attributes that declarations are written with.</summary>
    public static ImmutableArray<SyntaxTree> Attributes { get; } = LoadFolder("Core/Architecture/Generation");

    /// <summary>The declarations that ship, with their attributes.</summary>
    public static ImmutableArray<SyntaxTree> CoreDeclarations { get; } =
    [
        .. Attributes,
        .. LoadFolder("Core/Architecture/Formats"),
        .. LoadFolder("Core/Architecture/Modes"),
        .. LoadFolder("Core/Sptes/Formats"),
    ];

    /// <summary>Parses a source text.</summary>
    public static SyntaxTree Parse(string source, string path = "Toy.cs") =>
        CSharpSyntaxTree.ParseText(source, _parseOptions, path, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Makes a compilation of the given trees.</summary>
    public static CSharpCompilation Compile(IEnumerable<SyntaxTree> trees) => CSharpCompilation.Create(
        "Toy",
        trees,
        _references,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>A driver that has seen nothing yet.</summary>
    public static GeneratorDriver NewDriver() => CSharpGeneratorDriver.Create(
        [new MmuGenerator().AsSourceGenerator()],
        parseOptions: _parseOptions,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>Runs the generator on toy declarations, twice.</summary>
    public static GeneratorOutcome Run(string source) => Run([.. Attributes, Parse(source)]);

    /// <summary>Runs the generator twice, checks that the second run found everything cached, and returns the first.</summary>
    public static GeneratorOutcome Run(IEnumerable<SyntaxTree> trees)
    {
        CSharpCompilation compilation = Compile(trees);
        GeneratorDriver driver = NewDriver().RunGenerators(compilation, TestContext.Current.CancellationToken);
        GeneratorRunResult first = driver.GetRunResult().Results.Single();
        driver = driver.RunGenerators(compilation.Clone(), TestContext.Current.CancellationToken);
        GeneratorRunResult second = driver.GetRunResult().Results.Single();
        Assert.Null(first.Exception);
        Assert.Null(second.Exception);
        AssertAllCached(second);
        return new GeneratorOutcome(compilation, first);
    }

    /// <summary>Runs the generator once.</summary>
    public static GeneratorRunResult RunOnce(CSharpCompilation compilation) =>
        NewDriver().RunGenerators(compilation, TestContext.Current.CancellationToken).GetRunResult().Results.Single();

    /// <summary>Checks that a run did no work that its predecessor had done.</summary>
    public static void AssertAllCached(GeneratorRunResult result)
    {
        foreach ((string name, IncrementalStepRunReason reason) in ReasonsOf(result))
        {
            Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"step {name} was {reason}");
        }
    }

    /// <summary>Why each output of our own steps, and each output step, was made.</summary>
    public static IEnumerable<(string Step, IncrementalStepRunReason Reason)> ReasonsOf(GeneratorRunResult result)
    {
        IEnumerable<KeyValuePair<string, ImmutableArray<IncrementalGeneratorRunStep>>> own =
            result.TrackedSteps.Where(step => _ownSteps.Contains(step.Key));
        return own.Concat(result.TrackedOutputSteps)
            .SelectMany(step => step.Value.SelectMany(run => run.Outputs.Select(output => (step.Key, output.Reason))));
    }

    private static ImmutableArray<SyntaxTree> LoadFolder(string folder) =>
    [
        .. Directory.GetFiles(RepositoryFiles.PathOf(folder), "*.cs")
            .Order(StringComparer.Ordinal)
            .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(path), _parseOptions, path)),
    ];
}
