// Tests: what one run of the generator gave.
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mmu.Tests.Generators;

/// <summary>What one run of the generator gave.</summary>
/// <param name="Input">What it ran on.</param>
/// <param name="Result">What it gave.</param>
internal sealed record GeneratorOutcome(CSharpCompilation Input, GeneratorRunResult Result)
{
    /// <summary>What it reported.</summary>
    public ImmutableArray<Diagnostic> Diagnostics => Result.Diagnostics;

    /// <summary>Hint names of what it emitted, in ordinal order.</summary>
    public string[] HintNames => [.. Result.GeneratedSources.Select(source => source.HintName).Order(System.StringComparer.Ordinal)];

    /// <summary>The emitted source of the given hint name.</summary>
    public string SourceOf(string hintName) => Result.GeneratedSources.Single(source => source.HintName == hintName).SourceText.ToString();

    /// <summary>Input and output together.</summary>
    public CSharpCompilation Output => Input.AddSyntaxTrees(Result.GeneratedSources.Select(source => source.SyntaxTree));
}
