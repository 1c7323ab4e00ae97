// Generators: reads [PteLayout] declarations.
using System.Collections.Generic;
using System.Threading;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Reads <c>[PteLayout]</c> declarations.</summary>
internal static class LayoutParser
{
    /// <summary>Name of the attribute's class.</summary>
    public const string Attribute = "PteLayoutAttribute";

    /// <summary>Reads the declaration of a struct; <see langword="null"/> if it carries no <c>[PteLayout]</c>.</summary>
    public static ParseResult<LayoutSpec>? Parse(INamedTypeSymbol symbol, CancellationToken cancellation)
    {
        List<AttributeReader> attributes = AttributeReader.All(symbol, Attribute, cancellation);
        if (attributes.Count == 0)
        {
            return null;
        }

        var sink = new DiagnosticSink();
        LocationInfo location = attributes[0].Location;
        DeclarationShape.Check(symbol, location, sink, cancellation);
        int? bits = attributes[0].Number(0);
        if (bits is null)
        {
            sink.Refuse();
        }
        else if (bits is not (32 or 64))
        {
            sink.Report(LayoutDiagnostics.BadEntryWidth, location, symbol.Name, bits.Value);
            bits = null;
        }

        // With no usable width the fields are still checked, as if the entry were as wide as can be.
        List<PlacedField> fields = FieldParser.ParseAll(symbol, bits ?? 64, sink, cancellation);
        LayoutRules.Check(symbol.Name, location, fields, sink);
        LayoutSpec? spec = null;
        if (!sink.IsIllegal)
        {
            var specs = new EquatableArray<FieldSpec>(fields.ConvertAll(field => field.Spec));
            spec = new LayoutSpec(DeclarationShape.NamespaceOf(symbol), symbol.Name, bits!.Value, specs);
        }

        return new ParseResult<LayoutSpec>(symbol.Name, location, spec, sink.Found);
    }
}
