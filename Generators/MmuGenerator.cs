// Generators: the pipeline from declarations to source.
using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Mmu.Generators.Emission;
using Mmu.Generators.Model;
using Mmu.Generators.Parsing;

namespace Mmu.Generators;

/// <summary>Generates page-table entry accessors, guest walkers and SPTE codecs from declarations. See docs/GENERATION.md.</summary>
/// <remarks>
/// Source hangs on specifications alone and diagnostics on their locations alone: a declaration that only moves is not generated again.
/// </remarks>
[Generator(LanguageNames.CSharp)]
public sealed class MmuGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<LayoutSpec> layouts = Declare(context, LayoutParser.Attribute, LayoutParser.Parse, TrackingNames.Layouts);
        context.RegisterSourceOutput(
            layouts, static (output, layout) => output.AddSource(LayoutEmitter.HintName(layout), Text(LayoutEmitter.Emit(layout))));

        IncrementalValuesProvider<ModeSpec> modes = Declare(context, ModeParser.Attribute, ModeParser.Parse, TrackingNames.Modes);
        context.RegisterSourceOutput(
            modes, static (output, mode) => output.AddSource(WalkerEmitter.HintName(mode), Text(WalkerEmitter.Emit(mode))));

        IncrementalValuesProvider<SpteSpec> sptes = Declare(context, SpteParser.Attribute, SpteParser.Parse, TrackingNames.Sptes);
        context.RegisterSourceOutput(
            sptes, static (output, spte) => output.AddSource(SpteEmitter.HintName(spte), Text(SpteEmitter.Emit(spte))));
    }

    // Reads the declarations of one attribute, reports what is wrong with them and passes on the legal ones.
    private static IncrementalValuesProvider<T> Declare<T>(
        IncrementalGeneratorInitializationContext context,
        string attribute,
        Func<INamedTypeSymbol, CancellationToken, ParseResult<T>?> parse,
        string trackingName)
        where T : class
    {
        IncrementalValuesProvider<ParseResult<T>> results = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                AttributeReader.Namespace + "." + attribute,
                static (node, _) => node is StructDeclarationSyntax or RecordDeclarationSyntax,
                (declaration, cancellation) => parse((INamedTypeSymbol)declaration.TargetSymbol, cancellation))
            .Where(static result => result is not null)
            .Select(static (result, _) => result!)
            .WithTrackingName(trackingName + TrackingNames.Parsed);

        // Emitted files and types are named after declarations, so that names which differ in case only cannot both be served.
        IncrementalValueProvider<EquatableArray<string>> clashes = results
            .Select(static (result, _) => result.Name)
            .Collect()
            .Select(static (names, _) => Clashes(names));

        context.RegisterSourceOutput(results.Combine(clashes), static (output, item) => Report(output, item.Left, item.Right));
        return results
            .Combine(clashes)
            .Select(static (item, _) => item.Right.Contains(item.Left.Name) ? null : item.Left.Spec)
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!)
            .WithTrackingName(trackingName);
    }

    private static EquatableArray<string> Clashes(ImmutableArray<string> names) => new(names
        .GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
        .Where(group => group.Skip(1).Any())
        .SelectMany(group => group)
        .Distinct());

    private static void Report<T>(SourceProductionContext output, ParseResult<T> result, EquatableArray<string> clashes)
        where T : class
    {
        foreach (DiagnosticInfo diagnostic in result.Diagnostics)
        {
            output.ReportDiagnostic(diagnostic.ToDiagnostic());
        }

        if (clashes.Contains(result.Name))
        {
            output.ReportDiagnostic(Diagnostic.Create(LayoutDiagnostics.NameClash, result.Location.ToLocation(), result.Name));
        }
    }

    private static SourceText Text(string source) => SourceText.From(source, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
