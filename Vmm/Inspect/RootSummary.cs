// Vmm: the totals of one root.
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Inspect;

/// <summary>Tables of each level as they lie in memory, and pages as a CPU sees them.</summary>
/// <param name="Scan">Distinct tables and entries.</param>
/// <param name="Tally">Mapped pages by size.</param>
/// <param name="Incomplete">Why the listing is not complete; null if it is.</param>
internal sealed record RootSummary(TableScan Scan, PageTally Tally, string? Incomplete);
