// Generators: reads the [Bit] and [Bits] properties of a layout.
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Reads the fields of a layout, each checked by itself.</summary>
internal static class FieldParser
{
    /// <summary>Reads all fields; those whose place cannot be used are reported and left out.</summary>
    public static List<PlacedField> ParseAll(INamedTypeSymbol symbol, int bits, DiagnosticSink sink, CancellationToken cancellation)
    {
        var fields = new List<PlacedField>();
        foreach (ISymbol member in symbol.GetMembers())
        {
            if (member is IPropertySymbol property && Parse(property, bits, sink, cancellation) is { } field)
            {
                fields.Add(field);
            }
        }

        return fields;
    }

    private static PlacedField? Parse(IPropertySymbol property, int bits, DiagnosticSink sink, CancellationToken cancellation)
    {
        List<AttributeReader> flags = AttributeReader.All(property, "BitAttribute", cancellation);
        List<AttributeReader> runs = AttributeReader.All(property, "BitsAttribute", cancellation);
        if (flags.Count + runs.Count == 0)
        {
            return null;
        }

        bool isFlag = flags.Count != 0;
        AttributeReader attribute = isFlag ? flags[0] : runs[0];
        if (isFlag && runs.Count != 0)
        {
            sink.Report(LayoutDiagnostics.TwoPlaces, runs[0].Location, property.Name);
        }

        CheckProperty(property, isFlag, attribute.Location, sink);
        if (attribute.Number(0) is not { } low || attribute.Number(isFlag ? 0 : 1) is not { } high)
        {
            sink.Refuse();
            return null;
        }

        if (low > high)
        {
            sink.Report(LayoutDiagnostics.RunReversed, attribute.Location, property.Name, low, high);
            return null;
        }

        if (low < 0 || high >= bits)
        {
            sink.Report(LayoutDiagnostics.BitOutOfWidth, attribute.Location, property.Name, low, high, bits - 1);
            return null;
        }

        return new PlacedField(new FieldSpec(property.Name, low, high, isFlag, Modifiers(property, cancellation)), attribute.Location);
    }

    private static void CheckProperty(IPropertySymbol property, bool isFlag, LocationInfo location, DiagnosticSink sink)
    {
        if (!property.IsPartialDefinition || property.PartialImplementationPart is not null || property.IsStatic || property.IsIndexer
            || property.SetMethod is not null || property.GetMethod is null || property.RefKind != RefKind.None)
        {
            sink.Report(LayoutDiagnostics.BadProperty, location, property.Name);
        }

        SpecialType type = isFlag ? SpecialType.System_Boolean : SpecialType.System_UInt64;
        if (property.Type.TypeKind != TypeKind.Error && property.Type.SpecialType != type)
        {
            sink.Report(LayoutDiagnostics.BadPropertyType, location, property.Name, isFlag ? "bool" : "ulong", isFlag ? "Bit" : "Bits");
        }
    }

    // Both parts of a partial property must agree in all of them.
    private static string Modifiers(IPropertySymbol property, CancellationToken cancellation) =>
        property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation) is PropertyDeclarationSyntax syntax
            ? string.Join(" ", syntax.Modifiers.Select(modifier => modifier.Text).Where(text => text != "partial"))
            : "";
}
