// Abi: counters of a VM.
using System.Runtime.InteropServices;

namespace Mmu.Native.Abi;

/// <summary>Exact counters of a VM since it was created, and its present sizes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiStatistics
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>0.</summary>
    internal uint Reserved;

    /// <summary>Faults handled.</summary>
    internal ulong Faults;

    /// <summary>Faults after which the guest could go on.</summary>
    internal ulong FaultsFixed;

    /// <summary>Faults that the tables allowed already.</summary>
    internal ulong FaultsSpurious;

    /// <summary>Faults handed to the guest.</summary>
    internal ulong FaultsInjected;

    /// <summary>Stores to SPTEs.</summary>
    internal ulong SpteStores;

    /// <summary>Tables made.</summary>
    internal ulong TablesAllocated;

    /// <summary>Tables taken apart.</summary>
    internal ulong TablesZapped;

    /// <summary>Tables taken apart to make room.</summary>
    internal ulong TablesRecycled;

    /// <summary>Tables taken apart because the guest kept writing to them.</summary>
    internal ulong TablesFlooded;

    /// <summary>Times that a table became unsync.</summary>
    internal ulong Unsyncs;

    /// <summary>Announced stores to shadowed guest tables.</summary>
    internal ulong TableWrites;

    /// <summary>Pages mapped ahead of an access.</summary>
    internal ulong Prefetched;

    /// <summary>TLB flushes of other vCPUs.</summary>
    internal ulong RemoteFlushes;

    /// <summary>Tables in use now, roots still referenced included.</summary>
    internal ulong Tables;

    /// <summary>4-KiB mappings now.</summary>
    internal ulong Pages4K;

    /// <summary>2-MiB mappings now.</summary>
    internal ulong Pages2M;

    /// <summary>1-GiB mappings now.</summary>
    internal ulong Pages1G;

    /// <summary>Bytes of bookkeeping now: tables, headers, shadowed translations, rmaps, hash, per-slot data.</summary>
    internal ulong MetadataBytes;

    /// <summary>Faults whose access is to be emulated: MMIO, or a write to a frame that is not to be written.</summary>
    internal ulong FaultsEmulated;

    /// <summary>Faults of faults_fixed that took no lock.</summary>
    internal ulong FaultsFast;

    /// <summary>Entries of upper tables dropped for announced stores.</summary>
    internal ulong UpperEntriesZapped;

    /// <summary>Entries made that say that there is no memory.</summary>
    internal ulong MmioEntries;

    /// <summary>Tables made only to keep a huge page from being executable, now.</summary>
    internal ulong NxSplits;

    /// <summary>Times that all vCPUs were asked to flush, those included that found none of them in guest.</summary>
    internal ulong FlushRequests;

    /// <summary>TLB flushes of a vCPU by itself, at its entry or poll.</summary>
    internal ulong TlbFlushes;

    /// <summary>Linear addresses that guests invalidated.</summary>
    internal ulong Invalidations;

    /// <summary>Shadow tables that are unsync now.</summary>
    internal ulong UnsyncTables;

    /// <summary>Most shadow leaves of one frame so far; 0 if no frame had more than one.</summary>
    internal ulong LongestRmap;
}
