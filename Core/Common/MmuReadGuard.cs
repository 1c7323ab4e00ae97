// Common: the proof that the MMU lock is held shared.
namespace Mmu.Common;

/// <summary>Held by whoever changes tables by compare-exchange beside others who do; disposing of it releases the lock.</summary>
internal readonly ref struct MmuReadGuard
{
    private readonly MmuLock _lock;
    private readonly int _reader;

    internal MmuReadGuard(MmuLock held, int reader)
    {
        _lock = held;
        _reader = reader;
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock.ExitShared(_reader);
}
