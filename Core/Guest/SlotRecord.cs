// Guest: what a VM keeps about a slot besides where its memory lies.
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Memory;

namespace Mmu.Guest;

/// <summary>
/// A slot of a VM: its place, and per frame what both engines ask: may a huge page cover it, may it become writable.
/// </summary>
/// <remarks>
/// Everything that changes is guarded by MmuLock(write). <see cref="Id"/> numbers the slots of a VM over both address spaces, lowest free
/// number first; engines keep their own data of a slot under it.
/// </remarks>
internal sealed class SlotRecord
{
    private readonly PrivateArena _arena;
    private readonly Dictionary<ulong, int> _tracked = [];
    private ArenaArray<ulong> _guardedFrames;
    private ArenaArray<ulong> _privateFrames;
    private HugePageCounts _huge;
    private volatile DirtyLog? _dirtyLog;

    private SlotRecord(int id, int addressSpace, in MemorySlot slot, PrivateArena arena)
    {
        Id = id;
        AddressSpace = addressSpace;
        Slot = slot;
        BaseGfn = slot.Base.Value >> 12;
        Pages = slot.Size >> 12;
        HostFrame = slot.HostFrame.Value;
        IsReadOnly = (slot.Flags & SlotFlags.ReadOnly) != 0;
        IsResolved = (slot.Flags & SlotFlags.Resolved) != 0;
        IsDevice = (slot.Flags & SlotFlags.Device) != 0;
        IsExecuteOnly = (slot.Flags & SlotFlags.ExecuteOnly) != 0;
        _arena = arena;
    }

    /// <summary>The slot's number.</summary>
    internal int Id { get; }

    /// <summary>0, or 1 for the address space of system-management mode.</summary>
    internal int AddressSpace { get; }

    /// <summary>The slot.</summary>
    internal MemorySlot Slot { get; private set; }

    /// <summary>First guest frame.</summary>
    internal ulong BaseGfn { get; }

    /// <summary>Number of 4-KiB frames.</summary>
    internal ulong Pages { get; }

    /// <summary>The frame after the last.</summary>
    internal ulong EndGfn => BaseGfn + Pages;

    /// <summary>Host frame of the first guest frame.</summary>
    internal ulong HostFrame { get; }

    /// <summary>The guest cannot write.</summary>
    internal bool IsReadOnly { get; private set; }

    /// <summary>The VMM is asked for each host frame.</summary>
    internal bool IsResolved { get; }

    /// <summary>It is a device's memory.</summary>
    internal bool IsDevice { get; }

    /// <summary>Only fetches are allowed.</summary>
    internal bool IsExecuteOnly { get; }

    /// <summary>The slot is being removed: faults on it are tried again (bug 21), never taken for MMIO.</summary>
    internal bool IsLeaving { get; set; }

    /// <summary>
    /// Who wants to know which pages are written; null if nobody does. While there is one, leaves of 4 KiB alone may allow writes, and only of frames
    /// that are marked. Replaced with the lock held, read without.
    /// </summary>
    internal DirtyLog? DirtyLog
    {
        get => _dirtyLog;
        set => _dirtyLog = value;
    }

    /// <summary>True if there is a <see cref="DirtyLog"/>.</summary>
    internal bool IsLogged => _dirtyLog is not null;

    /// <summary>Reasons against huge pages.</summary>
    internal ref HugePageCounts Huge => ref _huge;

    /// <summary>Bytes of the private arena that the slot holds, engines' data apart.</summary>
    internal ulong Bytes => _guardedFrames.Bytes + _privateFrames.Bytes + _huge.Bytes + (_dirtyLog?.Bytes ?? 0);

    /// <summary>Makes the record of a slot; false if the private arena has no room for it.</summary>
    internal static bool TryCreate(int id, int addressSpace, in MemorySlot slot, PrivateArena arena, out SlotRecord record)
    {
        record = new SlotRecord(id, addressSpace, slot, arena);
        if (!arena.TryAllocate((record.Pages + 63) / 64, out record._guardedFrames))
        {
            return false;
        }

        if (!HugePageCounts.TryCreate(record, arena, out record._huge))
        {
            arena.Free(record._guardedFrames);
            return false;
        }

        return true;
    }

    /// <summary>Lets the guest write, or not. What is mapped is not changed. Lock held.</summary>
    internal void SetReadOnly(bool isReadOnly)
    {
        Slot = Slot with { Flags = isReadOnly ? Slot.Flags | SlotFlags.ReadOnly : Slot.Flags & ~SlotFlags.ReadOnly };
        IsReadOnly = isReadOnly;
    }

    /// <summary>Gives back what the slot held.</summary>
    internal void Release()
    {
        _arena.Free(_guardedFrames);
        _arena.Free(_privateFrames);
        _huge.Release(_arena);
        foreach (DirtyConsumer consumer in _dirtyLog is { } log ? log.Consumers : default)
        {
            consumer.Release();
        }
    }

    /// <summary>True if the frame is one of the slot's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Holds(ulong gfn) => gfn - BaseGfn < Pages;

    /// <summary>How many entries of a level the slot reaches into.</summary>
    internal ulong EntriesAt(int level) => PageLevel.EntriesFor(level, BaseGfn, EndGfn);

    /// <summary>The host frame behind a frame of the slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong HostFrameOf(ulong gfn) => HostFrame + (gfn - BaseGfn);

    /// <summary>
    /// True if the frame may not become writable without a closer look: it holds a guest table that is shadowed, or its writes are tracked.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsGuarded(ulong gfn)
    {
        ulong at = gfn - BaseGfn;
        return (_guardedFrames[at >> 6] & (1UL << (int)(at & 63))) != 0;
    }

    /// <summary>Sets or clears <see cref="IsGuarded"/>.</summary>
    internal void SetGuarded(ulong gfn, bool guarded)
    {
        ulong at = gfn - BaseGfn;
        ulong bit = 1UL << (int)(at & 63);
        ref ulong word = ref _guardedFrames[at >> 6];
        word = guarded ? word | bit : word & ~bit;
    }

    /// <summary>True if the frame is the guest's private memory: accesses to it as shared memory are refused, and the other way round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsPrivate(ulong gfn)
    {
        ulong at = gfn - BaseGfn;
        return !_privateFrames.IsEmpty && (_privateFrames[at >> 6] & (1UL << (int)(at & 63))) != 0;
    }

    /// <summary>Makes room to note which frames are private; false if the private arena has none.</summary>
    internal bool TryMakePrivateFrames() => !_privateFrames.IsEmpty || _arena.TryAllocate((Pages + 63) / 64, out _privateFrames);

    /// <summary>Makes frames [start, end) of the slot private or shared; false if the private arena has no room to note it.</summary>
    internal bool TrySetPrivate(ulong start, ulong end, bool isPrivate)
    {
        if (_privateFrames.IsEmpty && !isPrivate)
        {
            return true;
        }

        if (!TryMakePrivateFrames())
        {
            return false;
        }

        // A word at a time: the lock is held, and the range may be the slot.
        for (ulong at = start - BaseGfn; at < end - BaseGfn; at = (at | 63) + 1)
        {
            ulong bits = WordMask(at, end - BaseGfn);
            ref ulong word = ref _privateFrames[at >> 6];
            word = isPrivate ? word | bits : word & ~bits;
        }

        _huge.SetMixed(this, start, end);
        return true;
    }

    /// <summary>True if frames [start, end) of the slot are not all private, nor all shared.</summary>
    internal bool IsMixed(ulong start, ulong end)
    {
        if (_privateFrames.IsEmpty)
        {
            return false;
        }

        ulong all = IsPrivate(start) ? ulong.MaxValue : 0;
        for (ulong at = start - BaseGfn; at < end - BaseGfn; at = (at | 63) + 1)
        {
            if (((_privateFrames[at >> 6] ^ all) & WordMask(at, end - BaseGfn)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True if someone tracks the writes to a frame of the slot. Asked only for guarded frames.</summary>
    internal bool IsTracked(ulong gfn) => _tracked.ContainsKey(gfn);

    /// <summary>How many track frames of the slot.</summary>
    internal ulong Trackers { get; private set; }

    /// <summary>Counts one more who tracks a frame's writes, and guards the frame.</summary>
    internal void Track(ulong gfn)
    {
        _tracked[gfn] = _tracked.GetValueOrDefault(gfn) + 1;
        Trackers++;
#if !MMU_FAULT_102
        _huge.Forbid(gfn);
#endif
        SetGuarded(gfn, guarded: true);
    }

    /// <summary>Counts one less; false if nobody tracked it. The guard stays until somebody looks closer and finds no reason for it.</summary>
    internal bool Untrack(ulong gfn)
    {
        if (!_tracked.TryGetValue(gfn, out int count))
        {
            return false;
        }

        Trackers--;
#if !MMU_FAULT_102
        _huge.Allow(gfn);
#endif
        if (count == 1)
        {
            _ = _tracked.Remove(gfn);
        }
        else
        {
            _tracked[gfn] = count - 1;
        }

        return true;
    }

    /// <summary>The first guarded frame from <paramref name="gfn"/> on and before <paramref name="end"/>; false if there is none.</summary>
    internal bool TryNextGuarded(ulong gfn, ulong end, out ulong found)
    {
        // No further than asked: who goes through a large slot in batches would read all the rest in each.
        ulong at = gfn - BaseGfn;
        while (at < end - BaseGfn)
        {
            ulong word = _guardedFrames[at >> 6] >> (int)(at & 63);
            if (word != 0)
            {
                found = BaseGfn + at + (ulong)BitOperations.TrailingZeroCount(word);
                return found < end;
            }

            at = (at | 63) + 1;
        }

        found = 0;
        return false;
    }

    // The bits of [at, end) in the bitmap's word that holds at.
    private static ulong WordMask(ulong at, ulong end)
    {
        ulong mask = ulong.MaxValue << (int)(at & 63);
        return end > (at | 63) ? mask : mask & ~(ulong.MaxValue << (int)(end & 63));
    }
}
