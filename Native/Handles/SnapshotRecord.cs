// Handles: a snapshot.
using System;
using Mmu.Native.Abi;
using Mmu.Vm;

namespace Mmu.Native.Handles;

/// <summary>A snapshot.</summary>
internal sealed class SnapshotRecord(VmRecord vm, MmuSnapshot snapshot) : OwnedRecord(vm), IHandleKind
{
    /// <inheritdoc/>
    public static uint Kind => 4;

    internal MmuSnapshot Snapshot { get; } = snapshot;

    internal SnapshotHandle Publish() => new(HandleTable<SnapshotRecord>.Add(this));

    /// <summary>Makes a call for a snapshot.</summary>
    internal static Status Call<T>(SnapshotHandle handle, T arguments, Func<SnapshotRecord, T, Status> work) =>
        Call(HandleTable<SnapshotRecord>.Find(handle.Value), handle.Value, arguments, work);

    internal override void End()
    {
        HandleTable<SnapshotRecord>.Remove(this);
        Snapshot.Dispose();
    }
}
