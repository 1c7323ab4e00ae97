// Generators: a [MmioMark] declaration.
namespace Mmu.Generators.Model;

/// <summary>Bits that mark an MMIO entry.</summary>
/// <param name="Run">The bits.</param>
/// <param name="Value">What they hold, shifted down to bit 0.</param>
internal sealed record MmioMarkSpec(BitRun Run, int Value)
{
    /// <summary>What they hold, in place.</summary>
    public ulong InPlace => (ulong)Value << Run.Low;
}
