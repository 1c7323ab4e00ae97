// Tests: a use of one namespace by another.
namespace Mmu.Tests.Layering;

/// <summary>One type's use of a namespace.</summary>
/// <param name="Type">The using type.</param>
/// <param name="From">Its namespace.</param>
/// <param name="To">The used namespace.</param>
internal sealed record NamespaceUse(string Type, string From, string To)
{
    /// <inheritdoc/>
    public override string ToString() => $"{From}.{Type} uses {To}";
}
