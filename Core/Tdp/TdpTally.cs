// Tdp: counts of what was done to the tables.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Common;

namespace Mmu.Tdp;

/// <summary>
/// Counts. Each vCPU has its own, which only its thread changes; what the host does is counted apart and added when it is done.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct TdpTally
{
    /// <summary>Stores to SPTEs.</summary>
    internal ulong SpteStores;

    /// <summary>Tables linked, roots included.</summary>
    internal ulong TablesMade;

    /// <summary>Tables removed, roots included.</summary>
    internal ulong TablesRemoved;

    /// <summary>Entries made that say that there is no memory.</summary>
    internal ulong MmioEntries;

    /// <summary>4-KiB leaves made less those removed.</summary>
    internal long Pages4K;

    /// <summary>2-MiB leaves made less those removed.</summary>
    internal long Pages2M;

    /// <summary>1-GiB leaves made less those removed.</summary>
    internal long Pages1G;

    /// <summary>Counts leaves of a level that were made, or removed if the number is negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddPages(int level, int leaves)
    {
        switch (level)
        {
            case 1:
                Pages4K += leaves;
                break;
            case 2:
                Pages2M += leaves;
                break;
            default:
                Pages1G += leaves;
                break;
        }
    }

    internal void Add(in TdpTally other)
    {
        SpteStores += other.SpteStores;
        TablesMade += other.TablesMade;
        TablesRemoved += other.TablesRemoved;
        MmioEntries += other.MmioEntries;
        Pages4K += other.Pages4K;
        Pages2M += other.Pages2M;
        Pages1G += other.Pages1G;
    }

    internal readonly void AddTo(ref MmuStatistics statistics)
    {
        statistics.SpteStores += SpteStores;
        statistics.TablesAllocated += TablesMade;
        statistics.TablesZapped += TablesRemoved;
        statistics.MmioEntries += MmioEntries;
        statistics.Tables += TablesMade - TablesRemoved;
        statistics.Pages4K += (ulong)Pages4K;
        statistics.Pages2M += (ulong)Pages2M;
        statistics.Pages1G += (ulong)Pages1G;
        statistics.MetadataBytes += (TablesMade - TablesRemoved) * TdpPages.BytesPerPage;
    }
}
