// Perf: what the TDP MMU remembers for each page that it maps.
using System.Linq;
using Mmu.Common;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Tdp;

/// <summary>Bytes of bookkeeping a mapped page of 4 KiB, in a guest of one GiB that is all mapped.</summary>
internal static unsafe class TdpMetadata
{
    /// <summary>Most bytes a page.</summary>
    public const double Goal = 9;

    public static double PerPage(TdpFormat format)
    {
        using TdpRun run = new(format, highestPageLevel: 1, TdpRun.GiB);
        AddressList all = new(Enumerable.Range(0, 1 << 18).Select(i => (ulong)i * TdpRun.PageBytes), 1 << 18);
        run.Write(all.All, all.Count);
        MmuStatistics statistics = run.Vm.GetStatistics();
        return (double)statistics.MetadataBytes / statistics.Pages4K;
    }
}
