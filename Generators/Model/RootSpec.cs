// Generators: a [RootTable] declaration.
namespace Mmu.Generators.Model;

/// <summary>A short root table without rights.</summary>
/// <param name="IndexBits">Its index bits.</param>
/// <param name="InRegisters">True if its entries are registers.</param>
internal sealed record RootSpec(int IndexBits, bool InRegisters);
