// Exports: snapshots of guest memory.
using System.Runtime.InteropServices;
using Mmu.Native.Abi;
using Mmu.Native.Handles;

namespace Mmu.Native.Exports;

/// <summary>
/// Snapshots: guest memory as it was, put back by copying what was written since. Any thread, one at a time for each snapshot (MMU_ERROR_BUSY), while no vCPU
/// of the VM is in guest (MMU_ERROR_STATE) and no device writes; not a callback. Registers are the VMM's: it sets control state as it was.
/// </summary>
internal static unsafe class SnapshotExports
{
    /// <summary>Copies the memory of all writable slots, and logs what is written from now on. Slots that are added later are left alone.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="snapshot">Receives the snapshot. It goes with mmu_snapshot_destroy, or with its VM.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_snapshot_take")]
    internal static Status Take(VmHandle vm, SnapshotHandle* snapshot) => snapshot == null ? Failure.OfNull(nameof(snapshot))
        : VmCall.DoRecord(vm, new Ptr<SnapshotHandle>(snapshot), static (record, snapshot) =>
        {
            SnapshotRecord taken = new(record, record.Vm.TakeSnapshot());
            record.Add(taken);
            *snapshot.Value = taken.Publish();
            return Status.Ok;
        });

    /// <summary>
    /// Puts every page that was written since the snapshot was taken, or last restored, back as it was. Dirty logs are told, shadowed guest tables are
    /// brought in step, and every TLB is flushed.
    /// </summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="pages">Receives how many pages were written.</param>
    /// <returns>MMU_ERROR_STATE if a vCPU is in guest, or a slot was removed or moved since: nothing has changed then.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_snapshot_restore")]
    internal static Status Restore(SnapshotHandle snapshot, ulong* pages) => pages == null ? Failure.OfNull(nameof(pages))
        : SnapshotRecord.Call(snapshot, new Ptr<ulong>(pages), static (record, pages) =>
        {
            *pages.Value = record.Snapshot.Restore();
            return Status.Ok;
        });

    /// <summary>Bytes of guest memory that a snapshot keeps.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="bytes">Receives them.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_snapshot_bytes")]
    internal static Status GetBytes(SnapshotHandle snapshot, ulong* bytes) => bytes == null ? Failure.OfNull(nameof(bytes))
        : SnapshotRecord.Call(snapshot, new Ptr<ulong>(bytes), static (record, bytes) =>
        {
            *bytes.Value = record.Snapshot.Bytes;
            return Status.Ok;
        });

    /// <summary>Gives a snapshot's memory back. Its handle becomes stale.</summary>
    /// <param name="snapshot">The snapshot.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_snapshot_destroy")]
    internal static Status Destroy(SnapshotHandle snapshot) => SnapshotRecord.Call(snapshot, 0, static (record, _) =>
    {
        record.Vm.End(record);
        return Status.Ok;
    });
}
