// Tdp: goes through the entries of a root that cover a range of guest frames.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Pre-order over the entries that cover frames [start, end), down to a level. Each entry is read once, when it is reached; who changes it tells
/// by <see cref="Old"/> what stands there now, as the way down follows that.
/// </summary>
/// <remarks>The lock is held, in either mode: pages that are met stay until it is dropped. After that comes <see cref="Restart"/>.</remarks>
[StructLayout(LayoutKind.Auto)]
internal ref struct TdpIterator
{
    private readonly TdpPages _pages;
    private readonly PageHandle _root;
    private readonly ulong _end;
    private readonly int _minimumLevel;
    private readonly int _rootLevel;
    private Path _path;
    private ulong _next;
    private ulong _yieldedAt;
    private bool _isFresh;

    internal TdpIterator(TdpPages pages, PageHandle root, ulong start, ulong end, int minimumLevel)
    {
        _pages = pages;
        _root = root;
        _rootLevel = pages[root].Level;
        _minimumLevel = minimumLevel;

        // What no table can reach is not there.
        ulong reach = PageLevel.FramesOf(_rootLevel + 1);
        _end = end < reach ? end : reach;
        _next = start;
        _yieldedAt = start;
        _isFresh = true;
        _path[_rootLevel] = root;
    }

    /// <summary>The table of the entry.</summary>
    internal readonly PageHandle Page
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _path[Level];
    }

    /// <summary>Index of the entry.</summary>
    internal int Index { get; private set; }

    /// <summary>Level of the entry.</summary>
    internal int Level { get; private set; }

    /// <summary>The first frame that the entry covers, which may lie before the range.</summary>
    internal ulong Gfn { get; private set; }

    /// <summary>What the entry held when it was last read or written.</summary>
    internal ulong Old { get; set; }

    /// <summary>True if the entry maps a page.</summary>
    internal readonly bool IsLeaf => Spte.IsPresent(Old) && Spte.IsLeaf(Old, Level);

    /// <summary>True if the entry names a table.</summary>
    internal readonly bool IsTable => Spte.IsPresent(Old) && !Spte.IsLeaf(Old, Level);

    /// <summary>True if entries were passed since the last restart: only then may the lock be dropped (bug 25).</summary>
    internal readonly bool HasProgressed => _next != _yieldedAt;

    /// <summary>Goes to the next entry; false behind the last.</summary>
    internal bool MoveNext()
    {
        if (_isFresh)
        {
            _isFresh = false;
            return _next < _end && Read(_rootLevel);
        }

        if (Level > _minimumLevel && IsTable)
        {
            PageHandle child = _pages.ChildOf(Old);
            if (!child.IsNone)
            {
                _path[Level - 1] = child;
                return Read(Level - 1);
            }
        }

        // The frame after all that the entry covers; where a table ends there, on goes its parent.
        _next = Gfn + PageLevel.FramesOf(Level);
        if (_next >= _end)
        {
            return false;
        }

        int level = Level;
        while (level < _rootLevel && (_next & (PageLevel.FramesOf(level + 1) - 1)) == 0)
        {
            level++;
        }

        return Read(level);
    }

    /// <summary>How many entries of the table, from this one on, are of the range. At level 1, where each is one frame.</summary>
    internal readonly int LeftInTable
    {
        get
        {
            ulong left = _end - Gfn;
            int entries = TdpPages.EntryCount - Index;
            return left < (ulong)entries ? (int)left : entries;
        }
    }

    /// <summary>Passes all that is left of the table: the caller has seen to it by itself. At level 1.</summary>
    internal void PassTable()
    {
        Gfn += (ulong)(LeftInTable - 1);
        Old = Spte.Empty;
    }

    /// <summary>
    /// Starts again from the root, at the frames that come next: the entry that was reached, and may have changed, is reached once more rather
    /// than passed. For after the lock was dropped.
    /// </summary>
    internal void Restart()
    {
#if MMU_FAULT_136
        _next = Gfn + PageLevel.FramesOf(Level);
#endif
        _yieldedAt = _next;
        _isFresh = true;
    }

    /// <summary>Reads the entry again; false if it holds what was known.</summary>
    internal bool Reread()
    {
        ulong now = _pages.Tables[Page].Load(Index);
        bool changed = now != Old;
        Old = now;
        return changed;
    }

    private bool Read(int level)
    {
        Level = level;
        Index = PageLevel.IndexOf(_next << 12, level);
        Gfn = _next & ~(PageLevel.FramesOf(level) - 1);
        Old = _pages.Tables[_path[level]].Load(Index);
        return true;
    }

    // One page a level; element 0 is not used.
    [InlineArray(6)]
    private struct Path
    {
        private PageHandle _first;
    }
}
