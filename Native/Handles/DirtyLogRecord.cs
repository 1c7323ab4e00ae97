// Handles: a dirty log.
using System;
using Mmu.Native.Abi;
using Mmu.Vm;

namespace Mmu.Native.Handles;

/// <summary>A dirty log.</summary>
internal sealed class DirtyLogRecord(VmRecord vm, DirtyLogSession log) : OwnedRecord(vm), IHandleKind
{
    /// <inheritdoc/>
    public static uint Kind => 3;

    internal DirtyLogSession Log { get; } = log;

    internal DirtyLogHandle Publish() => new(HandleTable<DirtyLogRecord>.Add(this));

    /// <summary>Makes a call for a dirty log.</summary>
    internal static Status Call<T>(DirtyLogHandle handle, T arguments, Func<DirtyLogRecord, T, Status> work) =>
        Call(HandleTable<DirtyLogRecord>.Find(handle.Value), handle.Value, arguments, work);

    internal override void End()
    {
        HandleTable<DirtyLogRecord>.Remove(this);
        Log.Dispose();
    }
}
