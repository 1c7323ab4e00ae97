// Generators: reads [SpteFormat] declarations.
using System.Collections.Generic;
using System.Threading;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Reads <c>[SpteFormat]</c> declarations.</summary>
internal static class SpteParser
{
    /// <summary>Name of the attribute's class.</summary>
    public const string Attribute = "SpteFormatAttribute";

    /// <summary>Reads the declaration of a struct, which carries the attribute.</summary>
    public static ParseResult<SpteSpec>? Parse(INamedTypeSymbol symbol, CancellationToken cancellation)
    {
        List<AttributeReader> attributes = AttributeReader.All(symbol, Attribute, cancellation);
        if (attributes.Count == 0)
        {
            return null;
        }

        AttributeReader attribute = attributes[0];
        var sink = new DiagnosticSink();
        DeclarationShape.Check(symbol, attribute.Location, sink, cancellation);
        LayoutSpec? layout = ParseLayout(symbol.Name, attribute, sink, cancellation);
        List<PlacedField> software = FieldParser.ParseAll(symbol, SpteRules.Bits, sink, cancellation);

        // What follows holds the software bits to the layout; without one there is nothing to hold them to.
        SpteSpec? spec = null;
        if (!sink.IsIllegal)
        {
            var bare = new SpteSpec(
                DeclarationShape.NamespaceOf(symbol),
                symbol.Name,
                layout!,
                new EquatableArray<FieldSpec>(software.ConvertAll(field => field.Spec)),
                attribute.Flag("SoftwareAccessedDirty"),
                attribute.Flag("ProtectionKeys"),
                Reserved: 0,
                default,
                Mark: null);
            spec = bare with { Reserved = ParseReserved(bare, symbol, sink, cancellation) };
            SpteRules.Check(spec, software, attribute.Location, sink);
            spec = SpteMmioParser.Complete(spec, symbol, attribute.Location, sink, cancellation);
        }

        return new ParseResult<SpteSpec>(symbol.Name, attribute.Location, sink.IsIllegal ? null : spec, sink.Found);
    }

    private static LayoutSpec? ParseLayout(string name, AttributeReader attribute, DiagnosticSink sink, CancellationToken cancellation)
    {
        if (attribute.Type(0) is not { TypeKind: not TypeKind.Error } type)
        {
            sink.Refuse();
            return null;
        }

        if (LayoutParser.Parse(type, cancellation) is not { } result)
        {
            sink.Report(SpteDiagnostics.BadLayout, attribute.Location, name, type.Name);
            return null;
        }

        // An illegal layout is reported where it is declared.
        if (result.Spec is null)
        {
            sink.Refuse();
        }
        else if (result.Spec.Bits != SpteRules.Bits)
        {
            sink.Report(SpteDiagnostics.BadLayout, attribute.Location, name, type.Name);
        }

        return result.Spec;
    }

    private static ulong ParseReserved(SpteSpec spec, INamedTypeSymbol symbol, DiagnosticSink sink, CancellationToken cancellation)
    {
        ulong reserved = 0;
        foreach (AttributeReader attribute in AttributeReader.All(symbol, "ReservedAttribute", cancellation))
        {
            if (attribute.Number(0) is not { } low || attribute.Number(1) is not { } high)
            {
                sink.Refuse();
                continue;
            }

            if (low < 0 || high >= SpteRules.Bits || low > high || attribute.HasNamed)
            {
                sink.Report(SpteDiagnostics.BadReserved, attribute.Location, spec.Name, low, high);
                continue;
            }

            reserved |= BitMask.Of(low, high);
        }

        return reserved;
    }
}
