// A guest's memory for tests: guarded slots, and loads and stores by guest physical address that use nothing of the library.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Guest;

namespace Mmu.Tests.Guest;

internal sealed class TestGuest : IDisposable
{
    private readonly List<(MemorySlot Slot, GuardedPages Pages)> _slots = [];

    internal GuestMemory Memory { get; } = new();

    internal MemorySlot AddSlot(ulong gpa, int pages, SlotFlags flags = SlotFlags.None)
    {
        GuardedPages memory = new(pages);
        MemorySlot slot = new(new Gpa(gpa), (ulong)pages * 4096, memory.Address, flags);
        _slots.Add((slot, memory));
        Memory.AddSlot(slot);
        return slot;
    }

    internal Span<byte> At(ulong gpa, int bytes)
    {
        foreach ((MemorySlot slot, GuardedPages pages) in _slots)
        {
            if (gpa - slot.Base.Value < slot.Size)
            {
                return pages.Bytes.Slice((int)(gpa - slot.Base.Value), bytes);
            }
        }

        throw new ArgumentOutOfRangeException(nameof(gpa), gpa, "No slot of the test holds this address.");
    }

    internal ulong Read(ulong gpa, int bytes) =>
        bytes == 4 ? MemoryMarshal.Read<uint>(At(gpa, 4)) : MemoryMarshal.Read<ulong>(At(gpa, 8));

    internal void Write(ulong gpa, int bytes, ulong value)
    {
        if (bytes == 4)
        {
            MemoryMarshal.Write(At(gpa, 4), (uint)value);
        }
        else
        {
            MemoryMarshal.Write(At(gpa, 8), value);
        }
    }

    /// <summary>
    /// Takes the host's write permission from read-only slots: a write that the library should not make kills the process.
    /// </summary>
    internal void Seal()
    {
        foreach ((MemorySlot slot, GuardedPages pages) in _slots)
        {
            if ((slot.Flags & SlotFlags.ReadOnly) != 0)
            {
                pages.MakeReadOnly();
            }
        }
    }

    /// <summary>A copy of every byte.</summary>
    internal byte[] Image()
    {
        List<byte> image = [];
        foreach ((MemorySlot _, GuardedPages pages) in _slots)
        {
            image.AddRange(pages.Bytes);
        }

        return [.. image];
    }

    /// <summary>Puts a copy back; the slots are the same as when it was taken.</summary>
    internal void Restore(byte[] image)
    {
        int at = 0;
        foreach ((MemorySlot slot, GuardedPages pages) in _slots)
        {
            if ((slot.Flags & SlotFlags.ReadOnly) == 0)
            {
                image.AsSpan(at, pages.Bytes.Length).CopyTo(pages.Bytes);
            }

            at += pages.Bytes.Length;
        }
    }

    public void Dispose()
    {
        foreach ((MemorySlot _, GuardedPages pages) in _slots)
        {
            pages.Dispose();
        }
    }
}
