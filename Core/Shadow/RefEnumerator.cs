// Shadow: goes through a list of SPTE references.
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>Goes through a list that does not change meanwhile.</summary>
internal struct RefEnumerator
{
    private readonly Slab<RefChunk> _chunks;
    private uint _chunk;
    private uint _single;
    private int _at;

    internal RefEnumerator(Slab<RefChunk> chunks, uint list)
    {
        _chunks = chunks;
        bool chained = (list & 1) != 0;
        _chunk = chained ? list >> 1 : 0;
        _single = chained ? 0 : list;
        _at = -1;
        Current = default;
    }

    /// <summary>The present reference.</summary>
    public SpteRef Current { get; private set; }

    /// <summary>For foreach.</summary>
    public readonly RefEnumerator GetEnumerator() => this;

    /// <summary>Goes to the next; false at the end.</summary>
    public bool MoveNext()
    {
        if (_single != 0)
        {
            Current = SpteRef.FromWord(_single);
            _single = 0;
            return true;
        }

        while (_chunk != 0)
        {
            ref RefChunk chunk = ref _chunks[_chunk];
            if (++_at < chunk.Count)
            {
                Current = SpteRef.FromWord(chunk.References[_at]);
                return true;
            }

            _chunk = chunk.Next;
            _at = -1;
        }

        return false;
    }
}
