// Generators: reads [PagingMode] declarations.
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Reads <c>[PagingMode]</c> declarations.</summary>
internal static class ModeParser
{
    /// <summary>Name of the attribute's class.</summary>
    public const string Attribute = "PagingModeAttribute";

    /// <summary>Reads the declaration of a struct, which carries the attribute.</summary>
    public static ParseResult<ModeSpec>? Parse(INamedTypeSymbol symbol, CancellationToken cancellation)
    {
        List<AttributeReader> attributes = AttributeReader.All(symbol, Attribute, cancellation);
        if (attributes.Count == 0)
        {
            return null;
        }

        AttributeReader attribute = attributes[0];
        var sink = new DiagnosticSink();
        DeclarationShape.Check(symbol, attribute.Location, sink, cancellation);
        LayoutSpec? layout = ParseLayout(attribute, sink, cancellation);
        int? levels = attribute.Number("Levels");
        int? indexBits = attribute.Number("IndexBits");
        AddressForm? address = ParseAddress(attribute, sink);
        ModeRules.CheckSize(symbol.Name, levels, indexBits, attribute.Location, sink);

        // What follows speaks of the levels and the layout; without them there is nothing to hold it to.
        ModeSpec? spec = null;
        if (!sink.IsIllegal)
        {
            var bare = new ModeSpec(
                DeclarationShape.NamespaceOf(symbol),
                symbol.Name,
                Path.GetFileName(attribute.Location.Path),
                layout!,
                levels!.Value,
                indexBits ?? 0,
                address!.Value,
                default,
                default,
                Root: null,
                HighFrame: null);
            spec = ModeDetailsParser.Complete(bare, symbol, attribute.Location, sink, cancellation);
        }

        return new ParseResult<ModeSpec>(symbol.Name, attribute.Location, sink.IsIllegal ? null : spec, sink.Found);
    }

    private static LayoutSpec? ParseLayout(AttributeReader attribute, DiagnosticSink sink, CancellationToken cancellation)
    {
        if (attribute.Type(0) is not { TypeKind: not TypeKind.Error } type)
        {
            sink.Refuse();
            return null;
        }

        if (LayoutParser.Parse(type, cancellation) is not { } result)
        {
            sink.Report(ModeDiagnostics.BadLayout, attribute.Location, type.Name);
            return null;
        }

        // An illegal layout is reported where it is declared.
        if (result.Spec is null)
        {
            sink.Refuse();
        }

        return result.Spec;
    }

    private static AddressForm? ParseAddress(AttributeReader attribute, DiagnosticSink sink)
    {
        AddressForm? form = attribute.Member("Address", nameof(AddressForm.Canonical)) switch
        {
            nameof(AddressForm.Canonical) => AddressForm.Canonical,
            nameof(AddressForm.Truncated) => AddressForm.Truncated,
            nameof(AddressForm.ZeroExtended) => AddressForm.ZeroExtended,
            _ => null,
        };
        if (form is null)
        {
            sink.Report(ModeDiagnostics.UnknownValue, attribute.Location, "Address");
        }

        return form;
    }
}
