// Generators: a place in source as plain data, since a Location would keep its compilation alive.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Mmu.Generators.Parsing;

/// <summary>A place in a source file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Span">Characters.</param>
/// <param name="Lines">Lines and columns of the same.</param>
internal sealed record LocationInfo(string Path, TextSpan Span, LinePositionSpan Lines)
{
    /// <summary>Takes the place of a syntax node.</summary>
    public static LocationInfo Of(SyntaxNode node) =>
        new(node.SyntaxTree.FilePath, node.Span, node.SyntaxTree.GetLineSpan(node.Span).Span);

    /// <summary>The place as the compiler wants it.</summary>
    public Location ToLocation() => Location.Create(Path, Span, Lines);
}
