// Common: the lock of a VM's tables.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
#if MMU_ASSERT
using Mmu.Diagnostics;
#endif
using Mmu.Memory;

namespace Mmu.Common;

/// <summary>
/// The MMU lock. Who holds it exclusively may change tables and slots; who holds it shared changes entries by compare-exchange, beside others who
/// do, and finds slots as they were. Not recursive. See docs/locking.md.
/// </summary>
/// <remarks>
/// <para>
/// Exclusively: one word, free, held, or held while others may be waiting. Only who finds the last wakes somebody, so that an uncontended hold
/// costs two locked operations and no call. Waiting spins for about a microsecond, the length of a usual hold, and then parks.
/// </para>
/// <para>
/// Shared: one exchange in the reader's own cache line, its slot of the <see cref="EpochDomain"/>, then a look at the word. A writer takes the word,
/// fences, then waits until no slot says "held": one of the two sees the other. Readers who find a writer step back, so that it does not wait for
/// ever.
/// </para>
/// </remarks>
internal sealed class MmuLock : IDisposable
{
    /// <summary>How many threads that run no vCPU may hold the lock shared at a time; further ones wait for one of them.</summary>
    internal const int HostReaders = 16;

    private const int Free = 0;
    private const int Held = 1;
    private const int Contended = 2;
    private const int Spins = 30;
    private const int PausesPerSpin = 8;
    private const int Yields = 200;

    private readonly AutoResetEvent _released = new(initialState: false);
    private readonly AutoResetEvent _readerLeft = new(initialState: false);
    private readonly EpochDomain _epochs;
    private readonly int _firstHost;

    // atomic: HostAtomics
    private readonly int[] _hosts = new int[HostReaders];
    private int _state;

    // atomic: HostAtomics; so many threads wait for the lock in either mode.
    private int _waiting;

    // atomic: HostAtomics; a writer is parked until a reader leaves.
    private int _writerWaits;

    // atomic: HostAtomics; so many vCPUs, and of the host's places, from the first on may ever have held the lock.
    private int _vcpusSeen;
    private int _hostsSeen;
#if MMU_ASSERT
    private int _owner;
#endif

    /// <summary>Makes a lock that nobody holds.</summary>
    /// <param name="epochs">Where readers publish themselves.</param>
    /// <param name="vcpus">How many of its readers are vCPUs; <see cref="HostReaders"/> come after them.</param>
    internal MmuLock(EpochDomain epochs, int vcpus)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs.Readers, vcpus + HostReaders, nameof(epochs));
        _epochs = epochs;
        _firstHost = vcpus;
    }

    /// <summary>True if somebody wants to hold the lock exclusively: time for a long shared hold to let go.</summary>
    internal bool IsWanted => HostAtomics.ReadAcquire(ref _state) != Free;

    /// <summary>
    /// For who comes back for the lock at once, between two holds: waits, for some ten microseconds at most, until those are in who wait for it. They
    /// have to wake up first, and would never be faster.
    /// </summary>
    internal void LetOthersIn()
    {
#if !MMU_FAULT_172
        SpinWait spin = default;
        for (int i = 0; i < Yields && HostAtomics.ReadAcquire(ref _waiting) != 0; i++)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
#endif
    }

    /// <summary>Takes the lock for changing; release it by disposing of the guard.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal MmuWriteGuard Enter()
    {
        LockRanks.Entering(LockRank.Mmu);
        if (HostAtomics.CompareExchange(ref _state, Held, Free) != Free)
        {
            EnterSlowly();
        }

        // pairs with EnterShared: the exchange is a full fence.
#if !MMU_FAULT_120
        WaitForReaders(0, HostAtomics.ReadAcquire(ref _vcpusSeen));
        WaitForReaders(_firstHost, HostAtomics.ReadAcquire(ref _hostsSeen));
#endif

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

    /// <summary>Takes the lock shared, for a vCPU on its thread, and enters an epoch with it.</summary>
    /// <param name="reader">The vCPU's number.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal MmuReadGuard EnterShared(int reader)
    {
        LockRanks.Entering(LockRank.Mmu);
        See(ref _vcpusSeen, reader);
        return EnterSharedAs(reader);
    }

    /// <summary>Takes the lock shared, for a thread that runs no vCPU, and enters an epoch with it.</summary>
    internal MmuReadGuard EnterSharedAsHost()
    {
        LockRanks.Entering(LockRank.Mmu);
        SpinWait spin = default;
        while (true)
        {
            for (int i = 0; i < HostReaders; i++)
            {
                if (HostAtomics.ReadAcquire(ref _hosts[i]) == 0 && HostAtomics.CompareExchange(ref _hosts[i], 1, 0) == 0)
                {
                    See(ref _hostsSeen, i);
                    return EnterSharedAs(_firstHost + i);
                }
            }

            spin.SpinOnce();
        }
    }

    /// <summary>Releases a shared hold; <see cref="MmuReadGuard.Dispose"/> calls it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void ExitShared(int reader)
    {
        LockRanks.Left(LockRank.Mmu);
        _epochs.Exit(reader);
        if (reader >= _firstHost)
        {
            HostAtomics.WriteRelease(ref _hosts[reader - _firstHost], 0);
        }

        // A writer that is about to park looks once more after it has said so, and sleeps for a moment only: no fence is needed here.
        if (HostAtomics.ReadAcquire(ref _writerWaits) != 0)
        {
            _ = _readerLeft.Set();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _released.Dispose();
        _readerLeft.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MmuReadGuard EnterSharedAs(int reader)
    {
        _ = _epochs.EnterAndHoldBack(reader);

        // pairs with Enter: the exchange is a full fence.
#if !MMU_FAULT_121
        if (HostAtomics.ReadAcquire(ref _state) != Free)
        {
            EnterSharedSlowly(reader);
        }

#endif
        return new MmuReadGuard(this, reader);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WaitForReaders(int first, int count)
    {
        for (int reader = first; reader < first + count; reader++)
        {
            if (_epochs.HoldsBack(reader))
            {
                WaitForReader(reader);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterSlowly()
    {
        _ = HostAtomics.Add(ref _waiting, 1);
        if (!TryEnterSpinning())
        {
            // Who gets the lock here leaves the word at "contended": it cannot know whether others still wait, and wakes one for nothing at worst.
            while (HostAtomics.Exchange(ref _state, Contended) != Free)
            {
                _ = _released.WaitOne();
            }
        }

        _ = HostAtomics.Add(ref _waiting, -1);
    }

    private bool TryEnterSpinning()
    {
        for (int i = 0; i < Spins; i++)
        {
            if (HostAtomics.ReadAcquire(ref _state) == Free && HostAtomics.CompareExchange(ref _state, Held, Free) == Free)
            {
                return true;
            }

            Thread.SpinWait(PausesPerSpin);
        }

        return false;
    }

    // The word is ours: no reader comes in any more, and those inside leave.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitForReader(int reader)
    {
        const int milliseconds = 1;
        for (int i = 0; i < Spins; i++)
        {
            Thread.SpinWait(PausesPerSpin);
            if (!_epochs.HoldsBack(reader))
            {
                return;
            }
        }

        HostAtomics.WriteRelease(ref _writerWaits, 1);
        HostAtomics.Fence();
        while (_epochs.HoldsBack(reader))
        {
            _ = _readerLeft.WaitOne(milliseconds);
        }

        HostAtomics.WriteRelease(ref _writerWaits, 0);
    }

    // Steps back for a writer, and tries again when it is gone.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterSharedSlowly(int reader)
    {
        bool parked = false;
        _ = HostAtomics.Add(ref _waiting, 1);
        do
        {
            _epochs.Exit(reader);
            if (HostAtomics.ReadAcquire(ref _writerWaits) != 0)
            {
                _ = _readerLeft.Set();
            }

            parked |= WaitUntilFree();
            _ = _epochs.EnterAndHoldBack(reader);
        }
        while (HostAtomics.ReadAcquire(ref _state) != Free);
        _ = HostAtomics.Add(ref _waiting, -1);

        // A release wakes one; as this one lets others in beside it, it passes that on.
#if MMU_FAULT_122
        _ = parked;
#else
        if (parked)
        {
            _ = _released.Set();
        }
#endif
    }

    private bool WaitUntilFree()
    {
        for (int i = 0; i < Spins; i++)
        {
            if (HostAtomics.ReadAcquire(ref _state) == Free)
            {
                return false;
            }

            Thread.SpinWait(PausesPerSpin);
        }

        // "Contended" only over "held": a free word is for whoever comes.
        while (true)
        {
            int state = HostAtomics.CompareExchange(ref _state, Contended, Held);
            if (state == Free)
            {
                return true;
            }

            _ = _released.WaitOne();
        }
    }

    // Before the hold is published: a writer that does not count the reader yet is seen by it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void See(ref int seen, int reader)
    {
        if (reader >= HostAtomics.ReadAcquire(ref seen))
        {
            Raise(ref seen, reader + 1);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Raise(ref int seen, int count)
    {
        int now = HostAtomics.ReadAcquire(ref seen);
        while (now < count)
        {
            int found = HostAtomics.CompareExchange(ref seen, count, now);
            now = found == now ? count : found;
        }
    }
}
