// Tests: one illegal declaration and where the generator must say so.
namespace Mmu.Tests.Generators;

/// <summary>One illegal declaration.</summary>
/// <param name="Id">The diagnostic it must give.</param>
/// <param name="Name">What is wrong with it.</param>
/// <param name="At">Text of the attribute at which it must be reported.</param>
/// <param name="Source">The declaration.</param>
internal sealed record DiagnosticCase(string Id, string Name, string At, string Source)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Name}";
}
