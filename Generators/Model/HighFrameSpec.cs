// Generators: a [HighFrame] declaration.
namespace Mmu.Generators.Model;

/// <summary>Frame bits of a large leaf that stand apart.</summary>
/// <param name="Level">The leaf's level.</param>
/// <param name="Low">Lowest entry bit.</param>
/// <param name="High">Highest entry bit.</param>
/// <param name="AddressBit">Physical-address bit of the lowest entry bit.</param>
internal sealed record HighFrameSpec(int Level, int Low, int High, int AddressBit);
