// Shadow: which leaves map a guest frame.
using System;
using System.Runtime.CompilerServices;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>The reverse maps: every leaf is in exactly one list, that of its slot, level and first frame.</summary>
/// <remarks>Guarded by: MmuLock(write).</remarks>
internal sealed class Rmaps
{
    private readonly PrivateArena _arena;
    private readonly SlotRecords[] _records;
    private readonly RefLists _refs;
    private ShadowSlot?[] _slots = [];

    internal Rmaps(PrivateArena arena, SlotRecords[] records, RefLists refs, bool lazily)
    {
        IsInUse = !lazily;
        _arena = arena;
        _records = records;
        _refs = refs;
    }

    /// <summary>False as long as nothing was ever mapped and so no slot has lists: <see cref="TryStart"/>.</summary>
    internal bool IsInUse { get; private set; }

    /// <summary>Bytes of the lists' heads.</summary>
    internal ulong Bytes
    {
        get
        {
            ulong bytes = 0;
            foreach (ShadowSlot? slot in _slots)
            {
                bytes += slot?.Bytes ?? 0;
            }

            return bytes;
        }
    }

    /// <summary>Makes the lists of all slots, if that was put off; false if there is no memory, and then none has any.</summary>
    internal bool TryStart()
    {
        if (IsInUse)
        {
            return true;
        }

        IsInUse = true;
        foreach (SlotRecords records in _records)
        {
            foreach (SlotRecord record in records.All)
            {
                if (!TryAddSlot(record))
                {
                    Release();
                    IsInUse = false;
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Makes the lists of a slot, unless that is put off; false if there is no memory.</summary>
    internal bool TryAddSlot(SlotRecord record)
    {
        if (!IsInUse)
        {
            return true;
        }

        if (record.Id >= _slots.Length)
        {
            Array.Resize(ref _slots, record.Id + 1);
        }

        bool made = ShadowSlot.TryCreate(record, _arena, out ShadowSlot slot);
        _slots[record.Id] = made ? slot : null;
        return made;
    }

    /// <summary>Gives back the lists of a slot, all of which are empty.</summary>
    internal void RemoveSlot(SlotRecord record)
    {
        if (IsInUse)
        {
            _slots[record.Id]?.Release(_arena);
            _slots[record.Id] = null;
        }
    }

    /// <summary>Gives back everything.</summary>
    internal void Release()
    {
        foreach (ShadowSlot? slot in _slots)
        {
            slot?.Release(_arena);
        }

        _slots = [];
    }

    /// <summary>The lists of a slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ShadowSlot Of(SlotRecord record) => _slots[record.Id]!;

    /// <summary>The slot of a mapped frame.</summary>
    internal SlotRecord? SlotOf(int addressSpace, ulong gfn) => _records[addressSpace].Find(gfn);

    /// <summary>The lists of the slot of a mapped frame; null if there is none, which means that memory is corrupt.</summary>
    internal ShadowSlot? Find(int addressSpace, ulong gfn) => SlotOf(addressSpace, gfn) is { } record ? _slots[record.Id] : null;

    /// <summary>Takes a leaf out; false if it was not there, which means that memory is corrupt.</summary>
    internal bool Remove(int addressSpace, int level, ulong gfn, SpteRef leaf)
    {
        SlotRecord? record = SlotOf(addressSpace, gfn);
        if (record is null)
        {
            return false;
        }

        ref uint list = ref Of(record)[level, gfn];
        if (list == leaf.ToWord())
        {
            list = 0;
            return true;
        }

        return _refs.Remove(ref list, leaf);
    }
}
