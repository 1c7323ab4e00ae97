// Guest: hashes of pages, to find writes that a dirty log has missed.
using System;
using System.Numerics;
using System.Runtime.InteropServices;
using Mmu.Memory;

namespace Mmu.Guest;

/// <summary>A hash for each page of a slot, of what it held when it was last reported.</summary>
internal sealed class PageHashes
{
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;
    private const int Turn = 29;

    private readonly PrivateArena _arena;
    private ArenaArray<ulong> _hashes;

    private PageHashes(PrivateArena arena) => _arena = arena;

    internal ulong Bytes => _hashes.Bytes;

    /// <summary>Makes room for hashes; false if the private arena has none.</summary>
    internal static bool TryCreate(PrivateArena arena, ulong pages, out PageHashes hashes)
    {
        hashes = new PageHashes(arena);
        return arena.TryAllocate(pages, out hashes._hashes);
    }

    internal void Release()
    {
        _arena.Free(_hashes);
        _hashes = default;
    }

    /// <summary>Notes what a page holds.</summary>
    internal void Note(ulong page, ReadOnlySpan<byte> content) => _hashes[page] = Hash(content);

    /// <summary>True if a page holds what was noted.</summary>
    internal bool IsSame(ulong page, ReadOnlySpan<byte> content) => _hashes[page] == Hash(content);

    private static ulong Hash(ReadOnlySpan<byte> content)
    {
        ulong hash = Odd;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(content))
        {
            hash = BitOperations.RotateLeft((hash ^ word) * Odd, Turn);
        }

        return hash;
    }
}
