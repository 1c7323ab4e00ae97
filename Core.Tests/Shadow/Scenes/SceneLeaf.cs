// Shadow scenes: what a processor finds in our tables for one address.
namespace Mmu.Tests.Shadow.Scenes;

/// <param name="IsPresent">There is a leaf.</param>
/// <param name="IsReserved">An entry on the way has reserved bits: an MMIO mark, unless something is wrong.</param>
/// <param name="Gpa">What it maps to, taken back to guest memory: every slot of a scene has host frames in the order of its guest frames.</param>
/// <param name="W">The path allows writes.</param>
/// <param name="U">The path allows user accesses.</param>
/// <param name="X">The path allows fetches.</param>
/// <param name="Level">Level of the last entry read.</param>
/// <param name="Entry">The last entry read.</param>
/// <param name="Table">Number in the arena of the page that it was read from.</param>
internal readonly record struct SceneLeaf(bool IsPresent, bool IsReserved, ulong Gpa, bool W, bool U, bool X, int Level, ulong Entry, uint Table);
