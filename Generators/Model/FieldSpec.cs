// Generators: one field of a page-table entry.
namespace Mmu.Generators.Model;

/// <summary>A run of bits of an entry.</summary>
/// <param name="Name">Name of the property.</param>
/// <param name="Low">Lowest bit.</param>
/// <param name="High">Highest bit.</param>
/// <param name="IsFlag">True for a single bit read as a truth value.</param>
/// <param name="Modifiers">Accessibility of the property as written: <c>public</c> or <c>internal</c>.</param>
internal sealed record FieldSpec(string Name, int Low, int High, bool IsFlag, string Modifiers)
{
    /// <summary>Number of bits.</summary>
    public int Width => High - Low + 1;

    /// <summary>The bits as a mask.</summary>
    public ulong Mask => BitMask.Of(Low, High);
}
