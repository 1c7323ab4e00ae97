// Generators: a [Reserved] declaration.
namespace Mmu.Generators.Model;

/// <summary>A run of reserved bits.</summary>
/// <param name="Low">Lowest bit.</param>
/// <param name="High">Highest bit.</param>
/// <param name="Level">The level; 0 means every level.</param>
/// <param name="InTables">True if reserved in entries that name tables.</param>
/// <param name="InLeaves">True if reserved in entries that map pages.</param>
/// <param name="When">Name of the condition: a member of <c>ReservedWhen</c>.</param>
internal sealed record ReservedSpec(int Low, int High, int Level, bool InTables, bool InLeaves, string When)
{
    /// <summary>The bits as a mask.</summary>
    public ulong Mask => BitMask.Of(Low, High);
}
