// Common: the proof that a ranked lock is held.
namespace Mmu.Common;

/// <summary>Held while a <see cref="RankedLock"/> is; disposing of it releases the lock.</summary>
internal readonly ref struct RankedHold
{
    private readonly RankedLock _lock;

    internal RankedHold(RankedLock held) => _lock = held;

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock.Exit();
}
