// Exports: what a VM says about itself.
using System.Runtime.InteropServices;
using Mmu.Common;
using Mmu.Native.Abi;

namespace Mmu.Native.Exports;

/// <summary>
/// Counters and checks. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a callback.
/// </summary>
internal static unsafe class DiagnosticExports
{
    /// <summary>Exact counters since the VM was created, and its present sizes.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="statistics">Receives them; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_statistics")]
    internal static Status GetStatistics(VmHandle vm, AbiStatistics* statistics) =>
        VmCall.Do(vm, new Ptr<AbiStatistics>(statistics), static (vm, statistics) =>
        {
            Status status = Sized.Check(statistics.Value);
            if (status == Status.Ok)
            {
                Sized.Write(statistics.Value, Convert(vm.GetStatistics()));
            }

            return status;
        });

    /// <summary>Checks the invariants of all tables. Slow; holds the lock throughout. For tests and after a suspicion.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="buffer">Receives what is broken, cut to fit and ended by 0; may be NULL if size is 0.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="length">Receives the length of the whole text; 0 if the invariants hold.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_audit")]
    internal static Status Audit(VmHandle vm, [Text] byte* buffer, ulong size, ulong* length) => length == null ? Failure.OfNull(nameof(length))
        : VmCall.Do(vm, (new Ptr<byte>(buffer), size, new Ptr<ulong>(length)), static (vm, a) =>
        {
            *a.Item3.Value = TextOut.Copy(vm.Audit() ?? string.Empty, a.Item1.Value, a.size);
            return Status.Ok;
        });

    /// <summary>
    /// The VM in words: its counters, slots and vCPUs, and what the tables of each vCPU map. For people, after a suspicion; the format is not fixed. Holds the
    /// lock throughout.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <param name="mostLines">Lines for the tables of a vCPU, below 2^31; what there is no room for is left out, and that is said.</param>
    /// <param name="buffer">Receives the text, cut to fit and ended by 0; may be NULL if size is 0.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="length">Receives the length of the whole text.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_dump")]
    internal static Status Dump(VmHandle vm, uint mostLines, [Text] byte* buffer, ulong size, ulong* length) => length == null ? Failure.OfNull(nameof(length))
        : mostLines > int.MaxValue ? Failure.Of(Status.ErrorArgument, "most_lines is 2^31 or more.")
        : VmCall.Do(vm, (mostLines, new Ptr<byte>(buffer), size, new Ptr<ulong>(length)), static (vm, a) =>
        {
            *a.Item4.Value = TextOut.Copy(vm.Dump((int)a.mostLines), a.Item2.Value, a.size);
            return Status.Ok;
        });

    /// <summary>Tells whether the VM was stopped after its tables were found corrupt: nothing runs any more then.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="dead">Receives it.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_is_dead")]
    internal static Status IsDead(VmHandle vm, uint* dead) => dead == null ? Failure.OfNull(nameof(dead))
        : VmCall.Do(vm, new Ptr<uint>(dead), static (vm, dead) =>
        {
            *dead.Value = vm.IsDead ? 1u : 0;
            return Status.Ok;
        });

    private static AbiStatistics Convert(in MmuStatistics from) => new()
    {
        Faults = from.Faults,
        FaultsFixed = from.FaultsFixed,
        FaultsSpurious = from.FaultsSpurious,
        FaultsInjected = from.FaultsInjected,
        SpteStores = from.SpteStores,
        TablesAllocated = from.TablesAllocated,
        TablesZapped = from.TablesZapped,
        TablesRecycled = from.TablesRecycled,
        TablesFlooded = from.TablesFlooded,
        Unsyncs = from.Unsyncs,
        TableWrites = from.TableWrites,
        Prefetched = from.Prefetched,
        RemoteFlushes = from.RemoteFlushes,
        Tables = from.Tables,
        Pages4K = from.Pages4K,
        Pages2M = from.Pages2M,
        Pages1G = from.Pages1G,
        MetadataBytes = from.MetadataBytes,
        FaultsEmulated = from.FaultsEmulated,
        FaultsFast = from.FaultsFast,
        UpperEntriesZapped = from.UpperEntriesZapped,
        MmioEntries = from.MmioEntries,
        NxSplits = from.NxSplits,
        FlushRequests = from.FlushRequests,
        TlbFlushes = from.TlbFlushes,
        Invalidations = from.Invalidations,
        UnsyncTables = from.UnsyncTables,
        LongestRmap = from.LongestRmap,
    };
}
