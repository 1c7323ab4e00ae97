// Conformance: the same physical memory twice, once for the oracle and once, outside the managed heap, for the walker under test.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed unsafe class MatrixImage : IDisposable
{
    private readonly List<nuint> _native = [];

    public OracleMemory Oracle { get; } = new();

    // Entries that are compared and put back after every walk; the rest of memory is compared now and then.
    public List<MatrixEntry> Entries { get; } = [];

    public void AddSlot(ulong address, int size, bool readOnly = false)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)size, 4096);
        NativeMemory.Clear(memory, (nuint)size);
        _native.Add((nuint)memory);
        _ = Oracle.Add(address, size, readOnly);
    }

    public nuint HostAddressOf(int slot) => _native[slot];

    // The pointer to an address in the walker's twin; 0 outside every slot.
    public nuint HostPointer(ulong address)
    {
        IReadOnlyList<OracleSlot> slots = Oracle.Slots;
        for (int i = 0; i < slots.Count; i++)
        {
            ulong offset = address - slots[i].Address;
            if (offset < (ulong)slots[i].Bytes.Length)
            {
                return _native[i] + (nuint)offset;
            }
        }

        return 0;
    }

    // Makes the walker's twin equal to the oracle's.
    public void CopyToNative()
    {
        for (int i = 0; i < _native.Count; i++)
        {
            byte[] bytes = Oracle.Slots[i].Bytes;
            bytes.CopyTo(new Span<byte>((void*)_native[i], bytes.Length));
        }
    }

    public ReadOnlySpan<byte> NativeSlot(int slot) => new((void*)_native[slot], Oracle.Slots[slot].Bytes.Length);

    public MatrixEntry AddEntry(ulong address, int bytes, ulong value)
    {
        var entry = new MatrixEntry(address, bytes, value);
        Entries.Add(entry);
        Poke(address, bytes, value);
        return entry;
    }

    public void Set(MatrixEntry entry, ulong value)
    {
        entry.Value = value;
        Poke(entry.Address, entry.Bytes, value);
    }

    public void Poke(ulong address, int bytes, ulong value)
    {
        Oracle.Poke(address, bytes, value);
        nuint at = NativeOf(address);
        if (bytes == 4)
        {
            Unsafe.WriteUnaligned((void*)at, (uint)value);
        }
        else
        {
            Unsafe.WriteUnaligned((void*)at, value);
        }
    }

    // False if the twins differ in an entry. Whatever a walk changed is put back.
    public bool SameEntriesThenRestore()
    {
        bool same = true;
        for (int i = 0; i < Entries.Count; i++)
        {
            MatrixEntry entry = Entries[i];
            _ = Oracle.TryRead(entry.Address, entry.Bytes, out ulong expected);
            ulong actual = Native(entry);
            same &= expected == actual;
            if (expected != entry.Value || actual != entry.Value)
            {
                Poke(entry.Address, entry.Bytes, entry.Value);
            }
        }

        return same;
    }

    public ulong Native(MatrixEntry entry)
    {
        nuint at = NativeOf(entry.Address);
        return entry.Bytes == 4 ? Unsafe.ReadUnaligned<uint>((void*)at) : Unsafe.ReadUnaligned<ulong>((void*)at);
    }

    public bool SameEverywhere()
    {
        for (int i = 0; i < _native.Count; i++)
        {
            byte[] expected = Oracle.Slots[i].Bytes;
            if (!NativeSlot(i).SequenceEqual(expected))
            {
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        foreach (nuint memory in _native)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _native.Clear();
    }

    private nuint NativeOf(ulong address)
    {
        nuint at = HostPointer(address);
        return at != 0 ? at : throw new ArgumentOutOfRangeException(nameof(address), address, "outside every slot");
    }
}
