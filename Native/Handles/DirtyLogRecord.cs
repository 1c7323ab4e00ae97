// Handles: a dirty log.
using System;
using Mmu.Native.Abi;
using Mmu.Vm;

namespace Mmu.Native.Handles;

/// <summary>A dirty log.</summary>
internal sealed class DirtyLogRecord(VmRecord vm, DirtyLogSession log) : OwnedRecord(vm)
{
    private static readonly HandleTable<DirtyLogRecord> _table = new(kind: 3);

    internal DirtyLogSession Log { get; } = log;

    internal DirtyLogHandle Publish() => new(_table.Add(this));

    /// <summary>Makes a call for a dirty log.</summary>
    internal static Status Call<T>(DirtyLogHandle handle, T arguments, Func<DirtyLogRecord, T, Status> work) =>
        Call(_table.Find(handle.Value), handle.Value, arguments, work);

    internal override void End()
    {
        _table.Remove(this);
        Log.Dispose();
    }
}
