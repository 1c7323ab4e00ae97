// Generators: what every declaration has in common: a plain struct that a second part can be added to.
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mmu.Generators.Parsing;

/// <summary>Checks that the generator can add a part to a struct.</summary>
internal static class DeclarationShape
{
    /// <summary>Reports if a struct is not one that the generator can add a part to.</summary>
    public static void Check(INamedTypeSymbol symbol, LocationInfo location, DiagnosticSink sink, CancellationToken cancellation)
    {
        if (Reason(symbol, cancellation) is { } reason)
        {
            sink.Report(LayoutDiagnostics.BadStruct, location, symbol.Name, reason);
        }
    }

    /// <summary>Namespace of a type; empty for the global one.</summary>
    public static string NamespaceOf(INamedTypeSymbol symbol) =>
        symbol.ContainingNamespace.IsGlobalNamespace ? "" : symbol.ContainingNamespace.ToDisplayString();

    private static string? Reason(INamedTypeSymbol symbol, CancellationToken cancellation)
    {
        if (symbol.ContainingType is not null)
        {
            return "it is nested";
        }

        if (symbol.IsGenericType)
        {
            return "it is generic";
        }

        if (symbol.IsRecord || symbol.IsRefLikeType || symbol.IsFileLocal)
        {
            return "it is a record, ref or file struct";
        }

        // Emitted files and types are named after the declaration, and file names take no more than this.
        if (!symbol.Name.All(c => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_'))
        {
            return "its name has other characters";
        }

        bool isPartial = symbol.DeclaringSyntaxReferences.All(
            part => part.GetSyntax(cancellation) is TypeDeclarationSyntax type && type.Modifiers.Any(SyntaxKind.PartialKeyword));
        return isPartial ? null : "it is not partial";
    }
}
