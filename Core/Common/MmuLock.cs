// Common: the lock of a VM's tables.
using Mmu.Memory;

namespace Mmu.Common;

/// <summary>The MMU lock: who holds it may change tables and slots. See docs/locking.md.</summary>
internal sealed class MmuLock
{
    private int _state;

    /// <summary>Takes the lock for changing; release it by disposing of the guard.</summary>
    internal MmuWriteGuard Enter()
    {
        while (HostAtomics.CompareExchange(ref _state, 1, 0) != 0)
        {
        }

        return new MmuWriteGuard(this);
    }

    internal void Exit() => HostAtomics.WriteRelease(ref _state, 0);
}
