// Memory: makes allocations fail on demand, so that tests can exhaust memory at every point in turn.
// UNSAFETY: counts atomically, as the arenas that share it have locks of their own; follows no pointer.
using System.Threading;

namespace Mmu.Memory;

/// <summary>
/// A countdown that the arenas and slabs it is given to share. Every page, block or item that is asked for counts once.
/// </summary>
internal sealed class AllocationFaults
{
    private int _failAfter = -1;
    private int _attempts;

    /// <summary>How many more allocations succeed; −1 if none is made to fail. At 0 all fail until this is set again.</summary>
    internal int FailAfter
    {
        get => Volatile.Read(ref _failAfter);
        set => Volatile.Write(ref _failAfter, value);
    }

    /// <summary>Fails one allocation only, then none.</summary>
    internal bool Once { get; set; }

    /// <summary>How many allocations were asked for: the number of points at which one can fail.</summary>
    internal int Attempts => Volatile.Read(ref _attempts);

    /// <summary>Counts an allocation; true if it has to fail.</summary>
    internal bool Fails()
    {
        _ = Interlocked.Increment(ref _attempts);
        while (true)
        {
            int left = FailAfter;
            if (left < 0)
            {
                return false;
            }

            int next = left > 0 ? left - 1 : Once ? -1 : 0;
            if (Interlocked.CompareExchange(ref _failAfter, next, left) == left)
            {
                return left == 0;
            }
        }
    }
}
