// Perf: what the Shadow MMU remembers for each page that it maps.
using System.Collections.Generic;
using System.Linq;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Shadow;

namespace Mmu.Perf.Shadow;

/// <summary>Bytes of bookkeeping a mapped page of 4 KiB, in a guest whose GiB of memory is all mapped in one address space.</summary>
/// <param name="Mode">The guest's paging mode.</param>
/// <param name="Pages">Pages mapped.</param>
/// <param name="Tables">Tables that map them.</param>
/// <param name="Parts">Bytes by what they are for.</param>
/// <param name="Total">All bytes, as the library's statistics count them.</param>
internal sealed record Metadata(string Mode, ulong Pages, ulong Tables, IReadOnlyDictionary<string, ulong> Parts, ulong Total)
{
    /// <summary>Most bytes a page.</summary>
    public const double Goal = 18;

    public double PerPage => (double)Total / Pages;

    /// <summary>Maps a guest and counts.</summary>
    public static unsafe Metadata Measure(ModeShape mode)
    {
        const uint tablesOfOneGiB = 1024;
        using ShadowGuest guest = ShadowGuest.CreateDense(mode);
        using GuestRun run = new(guest, tablesOfOneGiB);
        AddressList windows = new(guest.Dense.Pages(8), guest.Dense.Count);
        run.Read(windows.All, windows.Count);

        MmuStatistics statistics = run.Vm.GetStatistics();
        ShadowState state = run.Vm.EngineSet.Shadow.Mmu.State;
        SlotRecord slot = run.Vm.Core.Slots[0].All[0];
        ulong tables = statistics.Tables;
        Dictionary<string, ulong> parts = new()
        {
            ["SPTEs"] = tables * ShadowPages.EntryCount * sizeof(ulong),
            ["frame and rights of each entry"] = tables * ShadowPages.EntryCount * sizeof(uint),
            ["heads of reverse maps"] = state.Rmaps.Bytes,
            ["headers of tables"] = tables * (ulong)sizeof(ShadowPage),
            ["unsync marks"] = tables * ShadowPages.EntryCount / 8,
            ["hash buckets"] = state.Pages.BucketBytes,
            ["guarded frames"] = (slot.Pages + 63) / 64 * sizeof(ulong),
            ["counts against huge pages"] = slot.Huge.Bytes,
        };
        ulong known = parts.Values.Aggregate(0UL, (sum, bytes) => sum + bytes);
        parts["chunks of reverse maps and parents"] = statistics.MetadataBytes - known;
        return new Metadata(mode.Name, statistics.Pages4K, tables, parts, statistics.MetadataBytes);
    }
}
