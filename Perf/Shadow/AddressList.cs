// Perf: numbers that C and C# read, in chunks.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Perf.Shadow;

/// <summary>A list of addresses or frames at a fixed place, cut into chunks that subjects take in turn.</summary>
internal sealed unsafe class AddressList
{
    private readonly ulong[] _items;

    public AddressList(IEnumerable<ulong> items, int chunk)
    {
        ulong[] source = [.. items];
        _items = GC.AllocateUninitializedArray<ulong>(source.Length, pinned: true);
        source.CopyTo(_items, 0);
        Chunk = Math.Min(chunk, _items.Length);
    }

    /// <summary>Items of a chunk.</summary>
    public int Chunk { get; }

    public int Count => _items.Length;

    /// <summary>The whole list.</summary>
    public ulong* All => (ulong*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _items[0]);

    /// <summary>The items of the chunk of a turn.</summary>
    public ulong* Of(int turn) => All + ((long)(turn % (_items.Length / Chunk)) * Chunk);

    /// <summary>The same items in random order.</summary>
    public AddressList Scattered()
    {
        SplitMix random = new(7);
        ulong[] shuffled = [.. _items];
        for (int i = shuffled.Length - 1; i > 0; i--)
        {
            int j = (int)(random.Next() % (ulong)(i + 1));
            (shuffled[i], shuffled[j]) = (shuffled[j], shuffled[i]);
        }

        return new AddressList(shuffled, Chunk);
    }

    /// <summary>A list with several items for each of this one, at equal distances.</summary>
    public AddressList Each(int count, int distance) => new(
        _items.SelectMany(item => Enumerable.Range(0, count).Select(i => item + ((ulong)i * (ulong)distance))), Chunk * count);

    /// <summary>A list with an item for each of this one.</summary>
    public AddressList Select(Func<ulong, ulong> map) => new(_items.Select(map), Chunk);
}
