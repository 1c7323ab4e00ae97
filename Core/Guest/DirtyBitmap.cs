// Guest: which pages of a slot were written, in a bitmap whose harvest costs what is dirty.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Mmu.Memory;

namespace Mmu.Guest;

/// <summary>
/// A bit for each page, and above them levels of one bit for each word below, up to a single word. Anyone sets bits, without a lock and at any
/// time; one thread at a time takes them.
/// </summary>
/// <remarks>
/// Who sets goes up, who takes comes down: a summary bit is cleared before the word below it is read, and set after the word was. So a bit whose
/// setter has returned is found by every take that begins later. A summary bit above an empty word is possible, and harmless.
/// </remarks>
internal sealed class DirtyBitmap
{
    /// <summary>Words that one summary word of the lowest level stands for; what is taken at once.</summary>
    internal const int BlockWords = 64;

    private const int WordShift = 6;
    private const int WordMask = 63;
    private const int MaxLevels = 6;
    private const ulong None = ulong.MaxValue;

    private readonly PrivateArena _arena;
    private readonly ulong[] _starts = new ulong[MaxLevels];
    private readonly ulong[] _counts = new ulong[MaxLevels];
    private readonly int _top;
    private readonly ulong _pages;
    private ArenaArray<ulong> _words;

    private DirtyBitmap(PrivateArena arena, ulong pages)
    {
        _arena = arena;
        _pages = pages;
        ulong words = pages;
        ulong start = 0;
        int level = -1;
        do
        {
            words = (words + WordMask) >> WordShift;
            level++;
            _starts[level] = start;
            _counts[level] = words;
            start += words;
        }
        while (words > 1 || level == 0);

        _top = level;
    }

    /// <summary>Words of all levels that takes and searches have loaded so far: what a harvest costs.</summary>
    internal ulong WordsVisited { get; private set; }

    /// <summary>Words of the lowest level.</summary>
    internal ulong Words => _counts[0];

    /// <summary>Bytes of the private arena.</summary>
    internal ulong Bytes => _words.Bytes;

    /// <summary>Makes an empty bitmap; false if the private arena has no room.</summary>
    internal static bool TryCreate(PrivateArena arena, ulong pages, out DirtyBitmap bitmap)
    {
        bitmap = new DirtyBitmap(arena, pages);
        return arena.TryAllocate(bitmap._starts[bitmap._top] + 1, out bitmap._words);
    }

    /// <summary>Gives the memory back; nobody may use it then.</summary>
    internal void Release()
    {
        _arena.Free(_words);
        _words = default;
    }

    /// <summary>Sets a page's bit; true if it was clear. A full fence, so that what the caller wrote before is seen by who takes the bit.</summary>
    internal bool Set(ulong page)
    {
        ulong bit = 1UL << (int)(page & WordMask);
        ulong word = page >> WordShift;
        ulong old = HostAtomics.Or(ref _words[word], bit);
        Summarize(word);
        return (old & bit) == 0;
    }

    /// <summary>Sets bits of a word of the lowest level.</summary>
    internal void SetWord(ulong word, ulong bits)
    {
        _ = HostAtomics.Or(ref _words[word], bits);
        Summarize(word);
    }

    /// <summary>Clears bits of a word of the lowest level; returns those that were set.</summary>
    internal ulong ClearWord(ulong word, ulong bits) => HostAtomics.And(ref _words[word], ~bits) & bits;

    /// <summary>Bits of a word of the lowest level.</summary>
    internal ulong this[ulong word] => HostAtomics.ReadAcquire(ref _words[word]);

    /// <summary>True if a page's bit is set.</summary>
    internal bool IsSet(ulong page) => (this[page >> WordShift] & (1UL << (int)(page & WordMask))) != 0;

    /// <summary>Sets every page's bit. Before anyone else knows of the bitmap.</summary>
    internal void SetAll()
    {
        ulong bits = _pages;
        for (int level = 0; level <= _top; level++)
        {
            Span<ulong> words = _words.Slice(_starts[level], (int)_counts[level]);
            words.Fill(ulong.MaxValue);
            if ((bits & WordMask) != 0)
            {
                words[^1] = (1UL << (int)(bits & WordMask)) - 1;
            }

            bits = _counts[level];
        }
    }

    /// <summary>The first word of the lowest level from <paramref name="word"/> on that may have bits; false if there is none.</summary>
    internal bool TryFindWord(ref ulong word)
    {
        word = Next(0, word);
        return word != None;
    }

    /// <summary>
    /// Takes the bits of the first words at or above <paramref name="word"/> that have any, within one block and below <paramref name="end"/>.
    /// </summary>
    /// <param name="word">Where to look from; afterwards the first word of the block.</param>
    /// <param name="end">The word to stop before.</param>
    /// <param name="block">Receives the words of the block: <see cref="BlockWords"/>, zero where nothing was taken.</param>
    /// <returns>False if there is nothing before <paramref name="end"/>.</returns>
    internal bool TryTakeBlock(ref ulong word, ulong end, Span<ulong> block)
    {
        while (TryFindWord(ref word) && word < end)
        {
            ulong summary = word >> WordShift;
            ulong first = summary << WordShift;
            ulong mask = ulong.MaxValue << (int)(word & WordMask);
            if (end - first < BlockWords)
            {
                mask &= (1UL << (int)(end - first)) - 1;
            }

            if (Take(summary, mask, block))
            {
                word = first;
                return true;
            }

            word = first + BlockWords;
        }

        return false;
    }

    private bool Take(ulong summary, ulong mask, Span<ulong> block)
    {
        // Down: from here on whoever sets a bit below sets these again.
        for (int level = _top; level > 1; level--)
        {
            _ = HostAtomics.And(ref At(level, summary >> (WordShift * (level - 1))), ~(1UL << (int)((summary >> (WordShift * (level - 2))) & WordMask)));
        }

        ulong taken = HostAtomics.And(ref At(1, summary), ~mask) & mask;
        WordsVisited += (ulong)_top;
        block.Clear();
        ulong any = 0;
        for (ulong left = taken; left != 0; left &= left - 1)
        {
            int at = BitOperations.TrailingZeroCount(left);
            block[at] = HostAtomics.Exchange(ref _words[(summary << WordShift) + (ulong)at], 0);
            any |= block[at];
            WordsVisited++;
        }

        // Up: what remains in the words of the path is to be found again.
        ulong child = summary;
        for (int level = 2; level <= _top; level++)
        {
            if (HostAtomics.ReadAcquire(ref At(level - 1, child)) != 0)
            {
                _ = HostAtomics.Or(ref At(level, child >> WordShift), 1UL << (int)(child & WordMask));
            }

            child >>= WordShift;
        }

        return any != 0;
    }

    // The first word of a level from an index on whose summary bit is set.
    private ulong Next(int level, ulong index)
    {
        if (index >= _counts[level])
        {
            return None;
        }

        if (level == _top)
        {
            return index;
        }

        ulong word = index >> WordShift;
        ulong bits = Visit(level + 1, word) & (ulong.MaxValue << (int)(index & WordMask));
        while (bits == 0)
        {
            word = Next(level + 1, word + 1);
            if (word == None)
            {
                return None;
            }

            bits = Visit(level + 1, word);
        }

        return (word << WordShift) + (ulong)BitOperations.TrailingZeroCount(bits);
    }

    private ulong Visit(int level, ulong word)
    {
        WordsVisited++;
        return HostAtomics.ReadAcquire(ref At(level, word));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong At(int level, ulong word) => ref _words[_starts[level] + word];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Summarize(ulong child)
    {
        for (int level = 1; level <= _top; level++)
        {
            ref ulong word = ref At(level, child >> WordShift);
            ulong bit = 1UL << (int)(child & WordMask);
#if MMU_FAULT_151
            if (HostAtomics.ReadAcquire(ref word) == 0)
#else
            if ((HostAtomics.ReadAcquire(ref word) & bit) == 0)
#endif
            {
                _ = HostAtomics.Or(ref word, bit);
            }

            child >>= WordShift;
        }
    }
}
