// Oracle: physical memory as a list of slots over byte arrays; nothing here is concurrent.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Mmu.Tests.Oracle;

internal class OracleMemory
{
    private readonly List<OracleSlot> _slots = [];

    public IReadOnlyList<OracleSlot> Slots => _slots;

    public OracleSlot Add(ulong address, int size, bool readOnly = false)
    {
        var slot = new OracleSlot(address, new byte[size], readOnly);
        _slots.Add(slot);
        return slot;
    }

    public virtual bool TryRead(ulong address, int bytes, out ulong value)
    {
        value = 0;
        OracleSlot? slot = Find(address, bytes);
        if (slot is null)
        {
            return false;
        }

        ReadOnlySpan<byte> at = slot.Bytes.AsSpan((int)(address - slot.Address), bytes);
        value = bytes == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt64LittleEndian(at);
        return true;
    }

    // What a store by the processor's own table update does: lost without a trace in a read-only slot.
    public virtual void SetBits(ulong address, int bytes, ulong bits)
    {
        OracleSlot? slot = Find(address, bytes);
        if (slot is { ReadOnly: false } && TryRead(address, bytes, out ulong value))
        {
            Write(slot, address, bytes, value | bits);
        }
    }

    // What the test does to set a scene; works in read-only slots too.
    public void Poke(ulong address, int bytes, ulong value)
    {
        OracleSlot slot = Find(address, bytes) ?? throw new ArgumentOutOfRangeException(nameof(address), address, "outside every slot");
        Write(slot, address, bytes, value);
    }

    private static void Write(OracleSlot slot, ulong address, int bytes, ulong value)
    {
        Span<byte> at = slot.Bytes.AsSpan((int)(address - slot.Address), bytes);
        if (bytes == 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(at, checked((uint)value));
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(at, value);
        }
    }

    private OracleSlot? Find(ulong address, int bytes)
    {
        for (int i = 0; i < _slots.Count; i++)
        {
            OracleSlot slot = _slots[i];
            if (address >= slot.Address && address - slot.Address <= (ulong)(slot.Bytes.Length - bytes))
            {
                return slot;
            }
        }

        return null;
    }
}
