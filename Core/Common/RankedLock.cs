// Common: a lock whose order Debug checks.
using System.Threading;

namespace Mmu.Common;

/// <summary>A lock for the host's own requests, with a rank.</summary>
internal sealed class RankedLock
{
    private readonly Lock _lock = new();
    private readonly LockRank _rank;

    internal RankedLock(LockRank rank) => _rank = rank;

    /// <summary>Takes the lock; release it by disposing of the hold.</summary>
    internal RankedHold Enter()
    {
        LockRanks.Entering(_rank);
        _lock.Enter();
        return new RankedHold(this);
    }

    internal void Exit()
    {
        _lock.Exit();
        LockRanks.Left(_rank);
    }
}
