// Guest: the ring in which one vCPU reports the pages it writes.
using System.Runtime.CompilerServices;
using Mmu.Memory;

namespace Mmu.Guest;

/// <summary>
/// The pages that one vCPU has written, in the order of the first writes. The vCPU's thread pushes; one reader takes; <c>MmuVm.ResetDirtyRings</c>
/// makes what was taken free again.
/// </summary>
/// <remarks>
/// What the library reads back from the ring's memory, which others may change, is a state, a slot and a page: each is checked against what there is
/// before anything is computed from it.
/// </remarks>
public sealed class DirtyRing
{
    /// <summary>Entries that stay free when a vCPU is refused entry because of its ring: one fault may write more than one page.</summary>
    internal const int Reserved = 64;

    /// <summary>Entries of the buffer in which a processor notes pages itself.</summary>
    internal const int ProcessorEntries = 512;

    private readonly PrivateArena _arena;
    private readonly uint _mask;
    private readonly uint _softLimit;
    private ArenaArray<uint> _words;

    // Owner: the vCPU's thread. Counts on without end, as the others do.
    private uint _pushed;

    // Owner: the reader.
    private uint _taken;

    // Owner: who resets.
    private uint _reset;

    private DirtyRing(PrivateArena arena, int entries, int reserved)
    {
        _arena = arena;
        _mask = (uint)entries - 1;
        _softLimit = (uint)(entries - reserved);
    }

    /// <summary>Where the entries lie in this process: <see cref="Entries"/> of <see cref="DirtyRingEntry"/>.</summary>
    public nuint Address => _words.Start;

    /// <summary>How many entries there are; a power of two.</summary>
    public int Entries => (int)_mask + 1;

    /// <summary>How many entries are in use: written and not reset yet.</summary>
    public int Used => (int)(HostAtomics.ReadAcquire(ref _pushed) - HostAtomics.ReadAcquire(ref _reset));

    /// <summary>True if the vCPU must not enter before the ring was reset.</summary>
    public bool IsSoftFull => (uint)Used >= _softLimit;

    /// <summary>Makes a ring; false if the private arena has no room.</summary>
    internal static bool TryCreate(PrivateArena arena, int entries, int reserved, out DirtyRing ring)
    {
        ring = new DirtyRing(arena, entries, reserved);
        return arena.TryAllocate((ulong)entries * EntryWords, out ring._words);
    }

    /// <summary>Takes the oldest entry that was not taken yet. One thread at a time.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>False if there is none.</returns>
    public bool TryTake(out DirtyRingEntry entry)
    {
        if (HostAtomics.ReadAcquire(ref State(_taken)) != DirtyRingEntry.Dirty)
        {
            entry = default;
            return false;
        }

        entry = Read(_taken);
        HostAtomics.WriteRelease(ref State(_taken), DirtyRingEntry.Taken);
        _taken++;
        return true;
    }

    internal void Release()
    {
        _arena.Free(_words);
        _words = default;
    }

    /// <summary>Adds a page; false if there is no room. On the vCPU's thread.</summary>
    internal bool TryPush(uint slot, ulong page)
    {
        if (_pushed - HostAtomics.ReadAcquire(ref _reset) > _mask)
        {
            return false;
        }

        ulong at = Start(_pushed);
        _words[at + 1] = slot;
        _words[at + 2] = (uint)page;
        _words[at + 3] = (uint)(page >> 32);
        HostAtomics.WriteRelease(ref _words[at], DirtyRingEntry.Dirty);
        HostAtomics.WriteRelease(ref _pushed, _pushed + 1);
        return true;
    }

    /// <summary>Frees the oldest entry if it was taken; what it says is not to be trusted.</summary>
    internal bool TryReset(out DirtyRingEntry entry)
    {
        entry = default;
        if (_reset == HostAtomics.ReadAcquire(ref _pushed) || HostAtomics.ReadAcquire(ref State(_reset)) != DirtyRingEntry.Taken)
        {
            return false;
        }

        entry = Read(_reset);
        HostAtomics.WriteRelease(ref State(_reset), 0);
        HostAtomics.WriteRelease(ref _reset, _reset + 1);
        return true;
    }

    private const ulong EntryWords = 4;

    private ulong Start(uint number) => (number & _mask) * EntryWords;

    private ref uint State(uint number) => ref _words[Start(number)];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private DirtyRingEntry Read(uint number)
    {
        // Each word once: it may change meanwhile.
        ulong at = Start(number);
        uint slot = HostAtomics.ReadAcquire(ref _words[at + 1]);
        ulong page = HostAtomics.ReadAcquire(ref _words[at + 2]) | ((ulong)HostAtomics.ReadAcquire(ref _words[at + 3]) << 32);
        return new DirtyRingEntry(DirtyRingEntry.Taken, slot, page);
    }
}
