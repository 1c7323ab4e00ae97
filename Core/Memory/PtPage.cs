// Memory: the 512 words of a table page, which a CPU may be walking.
// UNSAFETY: addresses words in an arena page. The index is masked to the page; pages stay mapped as long as their arena; ADR 0006 says
// who keeps a page from being reused meanwhile.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>
/// A table page's words. Worth a pointer; made by <see cref="TableArena"/>, and not kept beyond the lock or epoch it was made under.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe partial struct PtPage
{
    /// <summary>Words of a page.</summary>
    internal const int WordCount = 512;

    private const int IndexMask = WordCount - 1;

    private readonly ulong* _words;

#if MMU_ASSERT
    private readonly PageWatch _watch;
    private readonly uint _page;
    private readonly uint _generation;

    internal PtPage(ulong* words, PageWatch watch, uint page)
    {
        _words = words;
        _watch = watch;
        _page = page;
        _generation = watch.Used(page);
    }
#else
    internal PtPage(ulong* words) => _words = words;
#endif

    /// <summary>All words at once. Only for who excludes every writer, or does not mind words of different moments.</summary>
    internal ReadOnlySpan<ulong> Words
    {
        get
        {
            CheckReadable();
            return new(_words, WordCount);
        }
    }

    /// <summary>Loads a word, before all that follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Load(int index)
    {
        CheckReadable();
        return Volatile.Read(ref At(index));
    }

    /// <summary>Stores a word, after all that went before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Store(int index, ulong value)
    {
        CheckWritable();
        Volatile.Write(ref At(index), value);
    }

    /// <summary>Stores a word atomically and returns what it replaces; a full fence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong Exchange(int index, ulong value)
    {
        CheckWritable();
        return Interlocked.Exchange(ref At(index), value);
    }

    /// <summary>
    /// Stores a word atomically if it holds what is expected; a full fence. Allowed on a retired page: a fast fault may come that late, and
    /// finds what the retirer left there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryReplace(int index, ulong expected, ulong value)
    {
        CheckReadable();
        return Interlocked.CompareExchange(ref At(index), value, expected) == expected;
    }

    /// <summary>Stores the same value everywhere, with plain stores: no CPU may be walking the page.</summary>
    internal void Fill(ulong value)
    {
        CheckWritable();
        new Span<ulong>(_words, WordCount).Fill(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong At(int index)
    {
        MmuAssert.That((uint)index < WordCount, "No such word in a table page", (ulong)index);

        // SAFETY: 1. the index is masked to the page. 2. pages are 4-KiB aligned, so words are aligned.
        return ref _words[index & IndexMask];
    }

    // Without MMU_ASSERT these have no body, and their calls are gone.
    partial void CheckReadable();

    partial void CheckWritable();

#if MMU_ASSERT
    partial void CheckReadable() => _watch.CheckReadable(_page, _generation);

    partial void CheckWritable() => _watch.CheckWritable(_page, _generation);
#endif
}
