// Common: counters of a VM.
using System.Runtime.InteropServices;

namespace Mmu.Common;

/// <summary>Exact counters of a VM since it was created, and its present sizes. Names are those of KVM's statistics where it has them.</summary>
[StructLayout(LayoutKind.Auto)]
public record struct MmuStatistics
{
    /// <summary>Faults handled.</summary>
    public ulong Faults { get; set; }

    /// <summary>Faults after which the guest could go on.</summary>
    public ulong FaultsFixed { get; set; }

    /// <summary>Faults whose access is to be emulated: MMIO, or a write to a frame that is not to be written.</summary>
    public ulong FaultsEmulated { get; set; }

    /// <summary>Faults of <see cref="FaultsFixed"/> that took no lock.</summary>
    public ulong FaultsFast { get; set; }

    /// <summary>Faults that the tables allowed already.</summary>
    public ulong FaultsSpurious { get; set; }

    /// <summary>Faults handed to the guest.</summary>
    public ulong FaultsInjected { get; set; }

    /// <summary>Stores to SPTEs.</summary>
    public ulong SpteStores { get; set; }

    /// <summary>Tables made.</summary>
    public ulong TablesAllocated { get; set; }

    /// <summary>Tables taken apart.</summary>
    public ulong TablesZapped { get; set; }

    /// <summary>Tables taken apart to make room.</summary>
    public ulong TablesRecycled { get; set; }

    /// <summary>Tables taken apart because the guest kept writing to them.</summary>
    public ulong TablesFlooded { get; set; }

    /// <summary>Entries of upper tables dropped for announced stores.</summary>
    public ulong UpperEntriesZapped { get; set; }

    /// <summary>Entries made that say that there is no memory.</summary>
    public ulong MmioEntries { get; set; }

    /// <summary>Tables made only to keep a huge page from being executable, now (<c>MmuVmOptions.NxHugePages</c>).</summary>
    public ulong NxSplits { get; set; }

    /// <summary>Times that a table became unsync.</summary>
    public ulong Unsyncs { get; set; }

    /// <summary>Announced stores to shadowed guest tables.</summary>
    public ulong TableWrites { get; set; }

    /// <summary>Pages mapped ahead of an access.</summary>
    public ulong Prefetched { get; set; }

    /// <summary>TLB flushes of other vCPUs.</summary>
    public ulong RemoteFlushes { get; set; }

    /// <summary>Times that all vCPUs were asked to flush, those included that found none of them in guest.</summary>
    public ulong FlushRequests { get; set; }

    /// <summary>TLB flushes of a vCPU by itself, at its entry or poll.</summary>
    public ulong TlbFlushes { get; set; }

    /// <summary>Linear addresses that guests invalidated.</summary>
    public ulong Invalidations { get; set; }

    /// <summary>Shadow tables that are unsync now.</summary>
    public ulong UnsyncTables { get; set; }

    /// <summary>Most shadow leaves of one frame so far; 0 if no frame had more than one.</summary>
    public ulong LongestRmap { get; set; }

    /// <summary>Tables in use now, roots still referenced included.</summary>
    public ulong Tables { get; set; }

    /// <summary>4-KiB mappings now.</summary>
    public ulong Pages4K { get; set; }

    /// <summary>2-MiB mappings now.</summary>
    public ulong Pages2M { get; set; }

    /// <summary>1-GiB mappings now.</summary>
    public ulong Pages1G { get; set; }

    /// <summary>Bytes of bookkeeping now: tables, headers, shadowed translations, rmaps, hash, per-slot data.</summary>
    public ulong MetadataBytes { get; set; }
}
