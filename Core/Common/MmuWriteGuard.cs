// Common: the proof that the MMU lock is held.
namespace Mmu.Common;

/// <summary>Held by whoever may change tables; disposing of it releases the lock.</summary>
internal readonly ref struct MmuWriteGuard
{
    private readonly MmuLock _lock;

    internal MmuWriteGuard(MmuLock held) => _lock = held;

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock.Exit();
}
