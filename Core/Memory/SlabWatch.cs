// Memory: which items of a slab are taken, to catch uses of those that are not. MMU_ASSERT only.
// UNSAFETY: keeps a byte for each item in a mapping of its own; indexes are checked first.
using System;
using System.Diagnostics;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>The state of each item of a <see cref="Slab{T}"/>.</summary>
internal sealed unsafe class SlabWatch : IDisposable
{
    private const byte Free = 0;
    private const byte IsTaken = 1;

    private readonly Reservation _reservation;
    private readonly byte* _states;
    private readonly uint _capacity;
    private bool _disposed;

    private SlabWatch(uint capacity)
    {
        _reservation = Reservation.Own(NativePages.RoundUp((ulong)capacity + 1), preferLow: false, fence: false);
        _states = (byte*)_reservation.Address;
        _capacity = capacity;
    }

    /// <summary>Watches items 1 to <paramref name="capacity"/>; null without MMU_ASSERT.</summary>
    internal static SlabWatch? Create(uint capacity)
    {
#if MMU_ASSERT
        return new SlabWatch(capacity);
#else
        _ = capacity;
        return null;
#endif
    }

    /// <summary>Notes that an item goes into a cache.</summary>
    [Conditional("MMU_ASSERT")]
    internal void Taken(uint index)
    {
        MmuAssert.That(StateOf(index) == Free, "Slab item handed out twice", index);
        _states[index] = IsTaken;
    }

    /// <summary>Notes that an item comes back.</summary>
    [Conditional("MMU_ASSERT")]
    internal void Freed(uint index)
    {
        MmuAssert.That(StateOf(index) == IsTaken, "Slab item freed twice, or never taken from a cache", index);
        _states[index] = Free;
    }

    /// <summary>Checks that an item may be used.</summary>
    [Conditional("MMU_ASSERT")]
    internal void CheckTaken(uint index) =>
        MmuAssert.That(StateOf(index) == IsTaken, "Slab item used after it was freed, or never taken from a cache", index);

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _reservation.Dispose();
    }

    private byte StateOf(uint index)
    {
        MmuAssert.That(!_disposed, "Slab used after it was disposed of", index);
        MmuAssert.That(index <= _capacity, "No such slab item", index);
        return _states[index];
    }
}
