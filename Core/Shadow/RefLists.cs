// Shadow: lists of SPTE references behind one word: rmaps and the parents of shadow pages.
using System.Runtime.CompilerServices;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>
/// Lists of SPTE references. A list is a word: 0 is empty, bit 0 clear is the only reference, bit 0 set is the index of a chunk of them.
/// </summary>
/// <remarks>Guarded by: MmuLock(write). Enumeration ends with the first change of the list.</remarks>
internal sealed class RefLists
{
    /// <summary>Longest list before all it names is let go: the guest decides how often a page is mapped, or a table named.</summary>
    internal const uint LongestList = 1000;

    private readonly Slab<RefChunk> _chunks;

    internal RefLists(Slab<RefChunk> chunks) => _chunks = chunks;

    /// <summary>The slab that chunks come from.</summary>
    internal Slab<RefChunk> Chunks => _chunks;

    /// <summary>True if the list has exactly one reference, which is the list's word then.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsOnly(uint list) => list != 0 && (list & 1) == 0;

    /// <summary>True if the list's references are in chunks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsChunk(uint list) => (list & 1) != 0;

    /// <summary>Adds a reference that is not in the list; takes at most one chunk from the cache. Returns the list's new length.</summary>
    internal uint Add(ref uint list, SpteRef reference, ref SlabCache cache)
    {
        uint word = reference.ToWord();
        if (list == 0)
        {
            list = word;
            return 1;
        }

        if ((list & 1) == 0)
        {
            uint index = cache.Pop();
            _chunks[index] = new RefChunk { Count = 2 };
            _chunks[index].References[0] = list;
            _chunks[index].References[1] = word;
            list = (index << 1) | 1;
            return 2;
        }

        ref RefChunk first = ref _chunks[list >> 1];
        if (first.Count == RefChunk.Capacity)
        {
            uint index = cache.Pop();
            _chunks[index] = new RefChunk { Next = list >> 1, CountBehind = first.CountBehind + first.Count };
            list = (index << 1) | 1;
            first = ref _chunks[index];
        }

        first.References[(int)first.Count++] = word;
        return first.Count + first.CountBehind;
    }

    /// <summary>Removes a reference; false if it is not in the list, which means that memory is corrupt.</summary>
    internal bool Remove(ref uint list, SpteRef reference)
    {
        uint word = reference.ToWord();
        if ((list & 1) == 0)
        {
            bool found = list == word;
            list = found ? 0 : list;
            return found;
        }

        uint at = list >> 1;
        while (at != 0)
        {
            ref RefChunk chunk = ref _chunks[at];
            for (int i = 0; i < chunk.Count; i++)
            {
                if (chunk.References[i] == word)
                {
                    ref RefChunk first = ref _chunks[list >> 1];
                    chunk.References[i] = first.References[(int)--first.Count];
                    Shorten(ref list);
                    return true;
                }
            }

            at = chunk.Next;
        }

        return false;
    }

    /// <summary>Any reference of a list that is not empty.</summary>
    internal SpteRef First(uint list) => SpteRef.FromWord((list & 1) == 0 ? list : _chunks[list >> 1].References[0]);

    /// <summary>Length of a list.</summary>
    internal uint Count(uint list)
    {
        if ((list & 1) == 0)
        {
            return list == 0 ? 0u : 1;
        }

        ref RefChunk first = ref _chunks[list >> 1];
        return first.Count + first.CountBehind;
    }

    /// <summary>The references of a list, one after the other.</summary>
    internal RefEnumerator Of(uint list) => new(_chunks, list);

    // The first chunk has lost one: a single reference needs no chunk, and an empty chunk gives way to the next.
    private void Shorten(ref uint list)
    {
        uint index = list >> 1;
        ref RefChunk first = ref _chunks[index];
        if (first.Count == 1 && first.Next == 0)
        {
            list = first.References[0];
            _chunks.Free(index);
        }
        else if (first.Count == 0)
        {
            list = (first.Next << 1) | 1;
            _chunks.Free(index);
        }
    }
}
