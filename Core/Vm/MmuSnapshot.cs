// Vm: guest memory at one moment, to come back to.
using System;
using Mmu.Memory;

namespace Mmu.Vm;

/// <summary>
/// The guest memory of a VM as it was when <see cref="MmuVm.TakeSnapshot"/> was called. Coming back to it copies what was written since, and nothing else.
/// See docs/dirty-logging.md.
/// </summary>
/// <remarks>Any thread, while no vCPU is in guest and no device writes. Registers are the VMM's: it sets the vCPUs' control state as it was.</remarks>
public sealed class MmuSnapshot : IDisposable
{
    private readonly MmuVm _vm;
    private readonly PrivateArena _memory;
    private readonly SnapshotSlot[] _slots;
    private bool _disposed;

    internal MmuSnapshot(MmuVm vm, PrivateArena memory, SnapshotSlot[] slots)
    {
        _vm = vm;
        _memory = memory;
        _slots = slots;
    }

    /// <summary>Bytes of guest memory that it keeps.</summary>
    public ulong Bytes => _memory.AllocatedBytes;

    internal ReadOnlySpan<SnapshotSlot> Slots => _slots;

    /// <summary>Puts every page that was written since back as it was, in ascending order; dirty logs of others are told. Allocates nothing.</summary>
    /// <returns>How many pages were written since.</returns>
    /// <exception cref="InvalidOperationException">A vCPU is in guest, or a slot was removed or moved since.</exception>
    public ulong Restore()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _vm.Restore(this);
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (SnapshotSlot slot in _slots)
        {
            slot.Log.Dispose();
        }

        _memory.Dispose();
    }
}
