// Generators: a [Leaf] declaration.
namespace Mmu.Generators.Model;

/// <summary>A level that can map pages.</summary>
/// <param name="Level">The level, 1 being the lowest.</param>
/// <param name="NeedsPse">True if the large bit counts only while CR4.PSE is set.</param>
internal sealed record LeafSpec(int Level, bool NeedsPse);
