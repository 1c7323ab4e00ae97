// Memory: small structs of one kind, named by 32-bit indexes.
// UNSAFETY: a free item's first four bytes hold the index of the next, whatever its type; items are at least that large.
using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>Items of a <see cref="PrivateArena"/> that are taken through caches and freed one by one, by any thread.</summary>
/// <remarks>
/// Freed items go onto a stack by one compare-exchange, which counts them too; those freed last are taken first, as they are warm. Items
/// are taken under a lock, by one thread at a time: nothing can leave the stack and come back while that thread looks at its top.
/// </remarks>
internal sealed class Slab<T> : IDisposable
    where T : unmanaged
{
    private const int CountShift = 32;

    private readonly PrivateArena _arena;
    private readonly ArenaArray<T> _items;
    private readonly SlabWatch? _watch;
    private readonly Lock _lock = new();

    // guarded by: _lock
    private uint _fresh = 1;
    private bool _disposed;

    // The index of the item freed last below, the number of those on the stack above. atomic
    private ulong _freed;

    /// <summary>Makes room for items 1 to <paramref name="capacity"/>.</summary>
    /// <exception cref="InvalidOperationException">The arena has no room.</exception>
    internal Slab(PrivateArena arena, uint capacity)
    {
        ArgumentOutOfRangeException.ThrowIfZero(capacity);
        ArgumentOutOfRangeException.ThrowIfEqual(capacity, uint.MaxValue);
        if (Unsafe.SizeOf<T>() < sizeof(uint))
        {
            string message = string.Create(CultureInfo.InvariantCulture, $"Items have at least 4 bytes, not {Unsafe.SizeOf<T>()}.");
            throw new ArgumentException(message);
        }

        _arena = arena;
        Capacity = capacity;
        _items = arena.Allocate<T>((ulong)capacity + 1);
        _watch = SlabWatch.Create(capacity);
    }

    /// <summary>How many items there can be.</summary>
    internal uint Capacity { get; }

    /// <summary>Items in caches or live.</summary>
    internal uint Outstanding
    {
        get
        {
            lock (_lock)
            {
                return _fresh - 1 - (uint)(Volatile.Read(ref _freed) >> CountShift);
            }
        }
    }

    /// <summary>An item, which is live.</summary>
    internal ref T this[uint index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            MmuAssert.That(index != 0, "No item: an index that names none was followed");
            _watch!.CheckTaken(index);
            return ref _items[index];
        }
    }

    /// <summary>
    /// Fills a cache to <paramref name="want"/> zeroed items; false if there are no more. What there was is in the cache.
    /// </summary>
    internal bool TopUp(ref SlabCache cache, int want)
    {
        MmuAssert.That(want <= SlabCache.Capacity, "More items wanted than a cache holds", (ulong)want);
        int had = cache.Count;
        if (had >= want)
        {
            return true;
        }

        lock (_lock)
        {
            while (cache.Count < want && _arena.Faults?.Fails() != true && TryTake(out uint index))
            {
                _watch!.Taken(index);
                cache.Push(index);
            }
        }

        // Outside the lock: the items are this cache's by now.
        for (int i = had; i < cache.Count; i++)
        {
            _items[cache.PeekAt(i)] = default;
        }

        return cache.Count >= want;
    }

    /// <summary>Takes all items of a cache back.</summary>
    internal void Drain(ref SlabCache cache)
    {
        while (cache.Count > 0)
        {
            Free(cache.Pop());
        }
    }

    /// <summary>Takes an item back that nobody uses any more.</summary>
    internal void Free(uint index)
    {
        MmuAssert.That(index != 0, "No item: an index that names none was freed");
        _watch!.Freed(index);
        ulong top = Volatile.Read(ref _freed);
        while (true)
        {
            LinkOf(index) = (uint)top;
            ulong next = (((top >> CountShift) + 1) << CountShift) | index;
            ulong found = Interlocked.CompareExchange(ref _freed, next, top);
            if (found == top)
            {
                return;
            }

            top = found;
        }
    }

    /// <summary>Gives the items' memory back to the arena.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                _watch?.Dispose();
                _arena.Free(_items);
            }
        }
    }

    private bool TryTake(out uint index)
    {
        ulong top = Volatile.Read(ref _freed);
        while ((uint)top != 0)
        {
            index = (uint)top;
            ulong next = (((top >> CountShift) - 1) << CountShift) | LinkOf(index);
            ulong found = Interlocked.CompareExchange(ref _freed, next, top);
            if (found == top)
            {
                return true;
            }

            top = found;
        }

        index = 0;
        if (_fresh > Capacity)
        {
            return false;
        }

        index = _fresh++;
        return true;
    }

    private ref uint LinkOf(uint index) => ref Unsafe.As<T, uint>(ref _items[index]);
}
