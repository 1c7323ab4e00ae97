// Shadow: exact counters.
namespace Mmu.Shadow;

/// <summary>What the Shadow MMU has done. Guarded by: MmuLock(write).</summary>
internal sealed class ShadowCounters
{
    internal ulong SpteStores;
    internal ulong TablesAllocated;
    internal ulong TablesZapped;
    internal ulong TablesRecycled;
    internal ulong TablesFlooded;
    internal ulong Unsyncs;
    internal ulong TableWrites;
    internal ulong Prefetched;
    internal ulong MmioEntries;
    internal ulong UpperEntriesZapped;
    internal ulong UnsyncTables;
    internal ulong LongestRmap;
    internal ulong Pages4K;
    internal ulong Pages2M;
    internal ulong Pages1G;

    /// <summary>Counts mappings of a level that came or went.</summary>
    internal void AddPages(int level, long change)
    {
        switch (level)
        {
            case 1:
                Pages4K += (ulong)change;
                break;
            case 2:
                Pages2M += (ulong)change;
                break;
            default:
                Pages1G += (ulong)change;
                break;
        }
    }
}
