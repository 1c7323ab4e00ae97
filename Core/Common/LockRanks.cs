// Common: Debug's check of the order of locks.
using System;
using System.Diagnostics;

namespace Mmu.Common;

/// <summary>Which ranks the calling thread holds, under MMU_ASSERT. An inversion throws before the lock is taken, so that it cannot hang.</summary>
internal static class LockRanks
{
    [ThreadStatic]
    private static uint _held;

    /// <summary>Notes that the thread is about to take a lock; throws if it holds one of this rank or of a higher one.</summary>
    [Conditional("MMU_ASSERT")]
    internal static void Entering(LockRank rank)
    {
        if (_held >> (int)rank != 0)
        {
            throw new UnreachableException($"Lock order: {rank} was taken while a lock of its own or a higher rank was held (mask 0x{_held:x}).");
        }

        _held |= 1u << (int)rank;
    }

    /// <summary>Notes that the thread has released a lock.</summary>
    [Conditional("MMU_ASSERT")]
    internal static void Left(LockRank rank) => _held &= ~(1u << (int)rank);
}
