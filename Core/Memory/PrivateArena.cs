// Memory: what the process keeps about the tables: headers, reverse maps, hash buckets, bitmaps.
// UNSAFETY: hands out ranges of its reservation as arrays; it knows which are taken, and refuses to free anything else.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>
/// One reservation of address space, committed by touching it, that arrays are cut from. Thread-safe; for the host's requests only.
/// </summary>
internal sealed unsafe class PrivateArena : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Reservation _reservation;
    private readonly bool _fence;

    // guarded by: _lock
    private readonly FreeRanges _free;

    // Blocks handed out: address and bytes without guards. guarded by: _lock
    private readonly Dictionary<nuint, ulong> _blocks = [];
    private ulong _allocated;
    private bool _disposed;

    /// <summary>Reserves address space.</summary>
    /// <param name="reserveBytes">How many bytes; rounded up to whole pages, not 0.</param>
    internal PrivateArena(ulong reserveBytes)
        : this(reserveBytes, ArenaFence.IsOn, hugePages: false)
    {
    }

    /// <summary>As above, with guard pages around every block or without, and with the advice to use huge pages or without.</summary>
    internal PrivateArena(ulong reserveBytes, bool fence, bool hugePages)
    {
        ArgumentOutOfRangeException.ThrowIfZero(reserveBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reserveBytes, (ulong)nint.MaxValue - NativePages.PageBytes);
        ReservedBytes = NativePages.RoundUp(reserveBytes);
        _fence = fence;
        _reservation = Reservation.Own(ReservedBytes, preferLow: false, fence);
        _free = new FreeRanges(ReservedBytes);
        if (hugePages)
        {
            NativePages.AdviseHuge(_reservation.Address, ReservedBytes);
        }

        if (fence)
        {
            NativePages.Forbid(_reservation.Address, ReservedBytes);
        }
    }

    /// <summary>Makes allocations fail; null for none. For tests.</summary>
    internal AllocationFaults? Faults { get; set; }

    /// <summary>Bytes of all blocks, whole pages each.</summary>
    internal ulong AllocatedBytes => Volatile.Read(ref _allocated);

    /// <summary>Bytes of address space that blocks can be cut from.</summary>
    internal ulong ReservedBytes { get; }

    /// <summary>Blocks that were not freed yet.</summary>
    internal int OutstandingBlocks
    {
        get
        {
            lock (_lock)
            {
                return _blocks.Count;
            }
        }
    }

    /// <summary>How many ranges the free space is in.</summary>
    internal int FreeRangeCount
    {
        get
        {
            lock (_lock)
            {
                return _free.Count;
            }
        }
    }

    /// <summary>Allocates zeroed elements, starting at a page.</summary>
    /// <exception cref="InvalidOperationException">There is no room; the message says what was wanted and what is left.</exception>
    internal ArenaArray<T> Allocate<T>(ulong count)
        where T : unmanaged
    {
        if (TryAllocate(count, out ArenaArray<T> array))
        {
            return array;
        }

        lock (_lock)
        {
            string wanted = string.Create(CultureInfo.InvariantCulture, $"{count} elements of {sizeof(T)} bytes");
            string left = string.Create(CultureInfo.InvariantCulture, $"{ReservedBytes - _allocated} of {ReservedBytes} bytes");
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"The private arena has no room for {wanted}: {left} left, {_free.Largest} in one piece."));
        }
    }

    /// <summary>Allocates zeroed elements, starting at a page; false if there is no room.</summary>
    internal bool TryAllocate<T>(ulong count, out ArenaArray<T> array)
        where T : unmanaged
    {
        array = default;
        if (count > ReservedBytes / (ulong)sizeof(T) || Faults?.Fails() == true)
        {
            return false;
        }

        if (count == 0)
        {
            return true;
        }

        ulong bytes = NativePages.RoundUp(count * (ulong)sizeof(T));
        ulong guard = _fence ? NativePages.PageBytes : 0;
        lock (_lock)
        {
            MmuAssert.That(!_disposed, "Private arena used after it was disposed of");
            if (!_free.TryTake(bytes + (2 * guard), out ulong start))
            {
                return false;
            }

            nuint address = _reservation.Address + (nuint)(start + guard);
            _blocks.Add(address, bytes);
            _allocated += bytes;
            if (_fence)
            {
                NativePages.Allow(address, bytes);
            }

            array = new ArenaArray<T>(address, count);
            return true;
        }
    }

    /// <summary>Takes an array back, and its memory. Freeing an empty one does nothing.</summary>
    /// <exception cref="InvalidOperationException">The array is not one of this arena, or was freed before.</exception>
    internal void Free<T>(ArenaArray<T> array)
        where T : unmanaged
    {
        if (array.IsEmpty)
        {
            return;
        }

        lock (_lock)
        {
            MmuAssert.That(!_disposed, "Private arena used after it was disposed of");
            if (!_blocks.Remove(array.Start, out ulong bytes))
            {
                throw new InvalidOperationException("The array is not a block of this arena, or was freed before.");
            }

            _allocated -= bytes;
            ulong guard = _fence ? NativePages.PageBytes : 0;
            if (_fence)
            {
                NativePages.Forbid(array.Start, bytes);
            }
            else
            {
#if !MMU_FAULT_43
                NativePages.Renew(array.Start, bytes);
#endif
            }

            _free.Add(array.Start - _reservation.Address - guard, bytes + (2 * guard));
        }
    }

    /// <summary>Unmaps everything. Nothing may use it then.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _reservation.Dispose();
        }
    }
}
