// Vmm: how much walking a listing may cost.
namespace Mmu.Vmm.Inspect;

/// <summary>The most walks that a listing may make, absent entries included.</summary>
/// <remarks>
/// Tables that share or contain each other map far more addresses than memory holds: 2^36 pages with a single table. Every real
/// address space stays far below the factor given here over the number of entries it consists of.
/// </remarks>
internal readonly record struct WalkBudget(long Walks)
{
    private const long AliasFactor = 64;
    private const long Least = 1 << 22;
    private const int EntriesOfTable = 1024;

    /// <summary>Returns the budget for a root of <paramref name="tables"/> distinct table pages.</summary>
    public static WalkBudget ForTables(int tables) => new(Least + (tables * AliasFactor * EntriesOfTable));
}
