// Memory: tells when nobody can still be looking at what was unlinked.
// UNSAFETY: reader slots are words of a pinned array, addressed so that each has a cache line of its own; slots are bounded by the number
// of readers that the array was made for.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>
/// Epochs of lockless readers. A reader publishes the epoch it entered in; what was unlinked before that, it cannot meet.
/// </summary>
/// <remarks>
/// <para>
/// Why it holds: <see cref="Stamp"/> fences between the unlinking store and its load of the epoch, <see cref="Enter(int)"/> between its store
/// to the slot and the reader's first load. If the scan of <see cref="OldestReader"/> misses a reader, that reader's loads come after the
/// unlinking (store, fence, load on both sides); if the reader published a later epoch, it loaded that after <see cref="Advance"/>, which
/// came after the stamp was taken, which came after the unlinking.
/// </para>
/// <para>A reader is one thread at a time and does not nest.</para>
/// </remarks>
internal sealed unsafe class EpochDomain
{
    /// <summary>The most readers a domain can have.</summary>
    internal const int MaxReaders = 4096;

    private const int LineBytes = 64;
    private const int LineWords = LineBytes / sizeof(ulong);
    private const ulong Outside = 0;

    // Bit 0 of a slot, below the epoch.
    private const ulong Holding = 1;

    // Pinned, not allocated natively: it then lives as long as whoever may read it, without a Dispose that could come too early.
    private readonly ulong[] _memory;
    private readonly ulong* _epoch;
    private readonly ulong* _slots;
    private readonly int _readers;

    /// <summary>Makes a domain with all readers outside.</summary>
    /// <param name="readers">How many readers there can be: 1 to <see cref="MaxReaders"/>.</param>
    internal EpochDomain(int readers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(readers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(readers, MaxReaders);
        _readers = readers;

        // A line to align, one for the epoch, one a reader, one so that no neighbour shares the last.
        _memory = GC.AllocateArray<ulong>((readers + 3) * LineWords, pinned: true);
        nuint start = ((nuint)Unsafe.AsPointer(ref _memory[0]) + LineBytes - 1) & ~(nuint)(LineBytes - 1);
        _epoch = (ulong*)start;
        _slots = _epoch + LineWords;
        *_epoch = 1;
    }

    /// <summary>How many readers there can be.</summary>
    internal int Readers => _readers;

    /// <summary>The epoch that a reader would enter now; never 0.</summary>
    internal ulong Current => Volatile.Read(ref *_epoch);

    /// <summary>Lets a reader in, with a full fence, and returns its epoch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Enter(int reader) => Enter(reader, mark: 0);

    /// <summary>
    /// As <see cref="Enter(int)"/>, for a reader who holds back others as long as it is inside: <see cref="HoldsBack"/>. Both with one exchange.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong EnterAndHoldBack(int reader) => Enter(reader, Holding);

    /// <summary>Lets a reader out: nothing it read in the epoch may be used afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Exit(int reader)
    {
        ulong* slot = SlotOf(reader);
        MmuAssert.That(*slot != Outside, "Reader left without having entered", (ulong)reader);
        Volatile.Write(ref *slot, Outside);
    }

    /// <summary>True while the reader is inside and holds back others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool HoldsBack(int reader) => (Volatile.Read(ref *SlotOf(reader)) & Holding) != 0;

    /// <summary>True while the reader is inside.</summary>
    internal bool IsInside(int reader) => Volatile.Read(ref *SlotOf(reader)) != Outside;

    /// <summary>Starts a new epoch and returns it.</summary>
    internal ulong Advance() => Interlocked.Increment(ref *_epoch);

    /// <summary>The stamp for what the caller has just unlinked.</summary>
    internal ulong Stamp()
    {
        // pairs with Enter
        Interlocked.MemoryBarrier();
        return Current;
    }

    /// <summary>True if no reader is inside an epoch up to <paramref name="stamp"/>: what was stamped with it can be used again.</summary>
    internal bool IsPast(ulong stamp) => OldestReader() > stamp;

    /// <summary>The epoch of the reader that entered first; all ones if none is inside.</summary>
    internal ulong OldestReader()
    {
        // pairs with Enter
        Interlocked.MemoryBarrier();
        ulong oldest = ulong.MaxValue;
#if MMU_FAULT_41
        for (int reader = 0; reader < _readers - 1; reader++)
#else
        for (int reader = 0; reader < _readers; reader++)
#endif
        {
#if MMU_FAULT_125
            ulong epoch = Volatile.Read(ref _slots[reader * LineWords]);
#else
            ulong epoch = Volatile.Read(ref _slots[reader * LineWords]) >> 1;
#endif
            if (epoch != Outside && epoch < oldest)
            {
                oldest = epoch;
            }
        }

        return oldest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Enter(int reader, ulong mark)
    {
        ulong* slot = SlotOf(reader);
        MmuAssert.That(*slot == Outside, "Reader entered twice", (ulong)reader);
        ulong epoch = Current;

        // pairs with Stamp and OldestReader
        _ = Interlocked.Exchange(ref *slot, (epoch << 1) | mark);
        return epoch;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong* SlotOf(int reader)
    {
        MmuAssert.That((uint)reader < (uint)_readers, "No such reader in the epoch domain", (ulong)reader);
        return _slots + ((nint)reader * LineWords);
    }
}
