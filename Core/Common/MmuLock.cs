// Common: the lock of a VM's tables.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Memory;
#if MMU_ASSERT
using Mmu.Diagnostics;
#endif

namespace Mmu.Common;

/// <summary>The MMU lock: who holds it may change tables and slots. Not recursive. See docs/locking.md.</summary>
/// <remarks>
/// One word: free, held, or held while others may be waiting. Only who finds the last wakes somebody, so that an uncontended hold costs two
/// locked operations and no call. Waiting spins for about a microsecond, the length of a usual hold, and then parks.
/// </remarks>
internal sealed class MmuLock : IDisposable
{
    private const int Free = 0;
    private const int Held = 1;
    private const int Contended = 2;
    private const int Spins = 30;
    private const int PausesPerSpin = 8;

    private readonly AutoResetEvent _released = new(initialState: false);

    // atomic: HostAtomics
    private int _state;
#if MMU_ASSERT
    private int _owner;
#endif

    /// <summary>Takes the lock for changing; release it by disposing of the guard.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal MmuWriteGuard Enter()
    {
        LockRanks.Entering(LockRank.Mmu);
        if (HostAtomics.CompareExchange(ref _state, Held, Free) != Free)
        {
            EnterSlowly();
        }

#if MMU_ASSERT
        _owner = Environment.CurrentManagedThreadId;
#endif
        return new MmuWriteGuard(this);
    }

    /// <summary>Releases the lock; <see cref="MmuWriteGuard.Dispose"/> calls it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Exit()
    {
#if MMU_ASSERT
        MmuAssert.That(_owner == Environment.CurrentManagedThreadId, "The MMU lock was released by a thread that does not hold it");
        _owner = 0;
#endif
        LockRanks.Left(LockRank.Mmu);
        if (HostAtomics.Exchange(ref _state, Free) == Contended)
        {
            _ = _released.Set();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _released.Dispose();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterSlowly()
    {
        for (int i = 0; i < Spins; i++)
        {
            if (HostAtomics.ReadAcquire(ref _state) == Free && HostAtomics.CompareExchange(ref _state, Held, Free) == Free)
            {
                return;
            }

            Thread.SpinWait(PausesPerSpin);
        }

        // Who gets the lock here leaves the word at "contended": it cannot know whether others still wait, and wakes one for nothing at worst.
        while (HostAtomics.Exchange(ref _state, Contended) != Free)
        {
            _ = _released.WaitOne();
        }
    }
}
