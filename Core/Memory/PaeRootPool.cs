// Memory: blocks of four root entries below 4 GiB, as CR3 holds 32 bits under PAE paging.
// UNSAFETY: addresses entries in the arena's root pages; blocks are those it handed out, and the entry's index is masked.
using System;
using System.Numerics;
using System.Threading;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>The root pages of a <see cref="TableArena"/>, 128 roots each.</summary>
internal sealed unsafe class PaeRootPool
{
    /// <summary>Roots in a page.</summary>
    internal const uint RootsPerPage = NativePages.PageBytes / RootBytes;

    /// <summary>Frames that CR3 can name under PAE paging: those below 4 GiB.</summary>
    internal const ulong FrameLimit = 1UL << 20;

    private const uint RootBytes = 32;
    private const int Entries = 4;

    private readonly Lock _lock = new();
    private readonly nuint _arena;
    private readonly uint _firstBlock;

    // One bit a root, set while it is free. guarded by: _lock
    private readonly ulong[] _free;
    private int _outstanding;

    /// <summary>Makes a pool of the pages after the arena's first.</summary>
    internal PaeRootPool(nuint arena, uint pages)
    {
        _arena = arena;
        _firstBlock = RootsPerPage;
        _free = new ulong[pages * (RootsPerPage / 64)];
        Array.Fill(_free, ulong.MaxValue);
    }

    /// <summary>Roots that were not freed yet.</summary>
    internal int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Takes a root with all entries not present.</summary>
    internal bool TryAllocate(out PaeRoot root)
    {
        lock (_lock)
        {
            for (int i = 0; i < _free.Length; i++)
            {
                if (_free[i] != 0)
                {
                    int bit = BitOperations.TrailingZeroCount(_free[i]);
                    _free[i] &= ~(1UL << bit);
                    _outstanding++;
                    root = new PaeRoot(_firstBlock + ((uint)i * 64) + (uint)bit);
                    new Span<ulong>(At(root, 0), Entries).Clear();
                    return true;
                }
            }
        }

        root = PaeRoot.None;
        return false;
    }

    /// <summary>Takes a root back that no CPU uses any more.</summary>
    internal void Free(PaeRoot root)
    {
        uint block = root.Block - _firstBlock;
        lock (_lock)
        {
            CheckTaken(root);
            _free[block / 64] |= 1UL << (int)(block % 64);
            _outstanding--;
        }
    }

    /// <summary>Loads an entry of a root.</summary>
    internal ulong Load(PaeRoot root, int index)
    {
        CheckTaken(root);
        return Volatile.Read(ref *At(root, index));
    }

    /// <summary>Stores an entry of a root.</summary>
    internal void Store(PaeRoot root, int index, ulong value)
    {
        CheckTaken(root);
        Volatile.Write(ref *At(root, index), value);
    }

    /// <summary>The root's distance from the arena's start, in bytes.</summary>
    internal static ulong OffsetOf(PaeRoot root) => (ulong)root.Block * RootBytes;

    /// <summary>The root at an offset in the arena; none if no root in use lies there.</summary>
    internal PaeRoot Find(ulong offset)
    {
        ulong number = (offset / RootBytes) - _firstBlock;
        lock (_lock)
        {
            bool isTaken = offset % RootBytes == 0 && number < (ulong)_free.Length * 64 && (_free[number / 64] & (1UL << (int)(number % 64))) == 0;
            return isTaken ? new PaeRoot((uint)(offset / RootBytes)) : PaeRoot.None;
        }
    }

    private ulong* At(PaeRoot root, int index)
    {
        MmuAssert.That((uint)index < Entries, "No such entry of a PAE root", (ulong)index);

        // SAFETY: 1. roots handed out lie in the arena's root pages. 2. the index is masked to the four entries.
        return (ulong*)(_arena + (nuint)OffsetOf(root)) + (index & (Entries - 1));
    }

    [System.Diagnostics.Conditional("MMU_ASSERT")]
    private void CheckTaken(PaeRoot root)
    {
        uint block = root.Block - _firstBlock;
        MmuAssert.That(block < (uint)_free.Length * 64, "No such PAE root", root.Block);
        MmuAssert.That((_free[block / 64] & (1UL << (int)(block % 64))) == 0, "PAE root used after it was freed", root.Block);
    }
}
