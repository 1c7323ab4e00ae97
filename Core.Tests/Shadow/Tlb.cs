// Shadow judge: a small TLB with random eviction.
using System;
using Mmu.Tests.Conformance;

namespace Mmu.Tests.Shadow;

/// <summary>Translations of one processor, each under the tag of the root it came from.</summary>
internal sealed class Tlb(int capacity, SeededRandom random)
{
    private readonly HardwarePage[] _pages = new HardwarePage[capacity];
    private readonly ulong[] _tags = new ulong[capacity];
    private readonly bool[] _valid = new bool[capacity];

    internal int Count { get; private set; }

    internal bool TryFind(ulong tag, ulong linear, out HardwarePage page)
    {
        for (int i = 0; i < capacity; i++)
        {
            if (_valid[i] && _tags[i] == tag && _pages[i].Covers(linear))
            {
                page = _pages[i];
                return true;
            }
        }

        page = default;
        return false;
    }

    internal void Insert(ulong tag, in HardwarePage page)
    {
        Drop(tag, page.Linear);
        int at = random.Next(capacity);
        for (int i = 0; i < capacity && _valid[at]; i++)
        {
            at = i;
        }

        at = _valid[at] ? random.Next(capacity) : at;
        Count += _valid[at] ? 0 : 1;
        _valid[at] = true;
        _tags[at] = tag;
        _pages[at] = page;
    }

    /// <summary>Forgets a linear address under one tag.</summary>
    internal void Drop(ulong tag, ulong linear) => DropWhere(i => _tags[i] == tag && _pages[i].Covers(linear));

    /// <summary>Forgets a linear address under every tag.</summary>
    internal void DropEverywhere(ulong linear) => DropWhere(i => _pages[i].Covers(linear));

    /// <summary>Forgets all under a tag.</summary>
    internal void DropTag(ulong tag) => DropWhere(i => _tags[i] == tag);

    internal void Clear()
    {
        Array.Clear(_valid);
        Count = 0;
    }

    private void DropWhere(Predicate<int> covered)
    {
        for (int i = 0; i < capacity; i++)
        {
            if (_valid[i] && covered(i))
            {
                _valid[i] = false;
                Count--;
            }
        }
    }
}
