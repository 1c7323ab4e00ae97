// Generators: a run of bits.
namespace Mmu.Generators.Model;

/// <summary>A run of bits, both ends included.</summary>
/// <param name="Low">Lowest bit.</param>
/// <param name="High">Highest bit.</param>
internal sealed record BitRun(int Low, int High)
{
    /// <summary>Number of bits.</summary>
    public int Width => High - Low + 1;

    /// <summary>The bits as a mask.</summary>
    public ulong Mask => BitMask.Of(Low, High);
}
