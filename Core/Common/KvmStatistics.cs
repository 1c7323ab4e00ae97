// Common: statistics under KVM's names.
using System.Collections.Generic;

namespace Mmu.Common;

/// <summary>Statistics under the names that KVM has for them (<c>KVM_GET_STATS_FD</c>); what a vCPU has there is the sum over all of them here.</summary>
public static class KvmStatistics
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<KvmStatistic> All { get; } =
    [
        new("pf_taken", isCounter: true, "Faults handled.", static of => of.Faults),
        new("pf_fixed", isCounter: true, "Faults after which the guest could go on.", static of => of.FaultsFixed),
        new("pf_emulate", isCounter: true, "Faults whose access is to be emulated.", static of => of.FaultsEmulated),
        new("pf_spurious", isCounter: true, "Faults that the tables allowed already.", static of => of.FaultsSpurious),
        new("pf_fast", isCounter: true, "Faults fixed without the lock.", static of => of.FaultsFast),
        new("pf_guest", isCounter: true, "Faults handed to the guest.", static of => of.FaultsInjected),
        new("pf_mmio_spte_created", isCounter: true, "Entries made that say that there is no memory.", static of => of.MmioEntries),
        new("tlb_flush", isCounter: true, "Flushes of a vCPU by itself.", static of => of.TlbFlushes),
        new("invlpg", isCounter: true, "Linear addresses that guests invalidated.", static of => of.Invalidations),
        new("remote_tlb_flush", isCounter: true, "Flushes that found vCPUs in guest.", static of => of.RemoteFlushes),
        new("remote_tlb_flush_requests", isCounter: true, "Flushes asked for.", static of => of.FlushRequests),
        new("mmu_cache_miss", isCounter: true, "Tables made.", static of => of.TablesAllocated),
        new("mmu_shadow_zapped", isCounter: true, "Tables taken apart.", static of => of.TablesZapped),
        new("mmu_recycled", isCounter: true, "Tables taken apart to make room.", static of => of.TablesRecycled),
        new("mmu_flooded", isCounter: true, "Tables taken apart because the guest kept writing to them.", static of => of.TablesFlooded),
        new("mmu_pte_write", isCounter: true, "Announced stores to shadowed guest tables.", static of => of.TableWrites),
        new("mmu_pde_zapped", isCounter: true, "Entries of upper tables dropped for such stores.", static of => of.UpperEntriesZapped),
        new("mmu_unsync", isCounter: false, "Shadow tables that are unsync now.", static of => of.UnsyncTables),
        new("max_mmu_rmap_size", isCounter: false, "Most shadow leaves of one frame so far.", static of => of.LongestRmap),
        new("pages_4k", isCounter: false, "4-KiB mappings now.", static of => of.Pages4K),
        new("pages_2m", isCounter: false, "2-MiB mappings now.", static of => of.Pages2M),
        new("pages_1g", isCounter: false, "1-GiB mappings now.", static of => of.Pages1G),
        new("nx_lpage_splits", isCounter: false, "Tables made only to keep a huge page from being executable, now.", static of => of.NxSplits),
    ];
}
