// Common: tells whether a host frame that was found without the lock may still be used under it.
using System.Diagnostics;
using Mmu.Diagnostics;
using Mmu.Memory;

namespace Mmu.Common;

/// <summary>
/// Counts host-driven unmappings. A fault takes a snapshot before it asks for a frame and looks again under the lock: an unmapping of the
/// frame that is under way, or any that has ended since, makes the answer stale.
/// </summary>
/// <remarks>Written under MmuLock(write). The counter is 64 bits wide, and so is every snapshot (bug 24).</remarks>
internal sealed class InvalidateSequence
{
    private ulong _sequence;
    private int _underWay;
    private ulong _start;
    private ulong _end;

    /// <summary>Starts at 0, or where a test wants it to.</summary>
    internal InvalidateSequence(ulong first = 0) => _sequence = first;

    /// <summary>The state of things now; read before the frame is looked up. Takes no lock.</summary>
    internal ulong Snapshot() => HostAtomics.ReadAcquire(ref _sequence);

    /// <summary>Frames [start, end) are about to be unmapped. Lock held.</summary>
    internal void Begin(ulong start, ulong end)
    {
        MmuAssert.That(start < end, "Empty range invalidated", start);
        if (_underWay++ == 0)
        {
            (_start, _end) = (start, end);
            return;
        }

        // Which range ends first is not known: all are kept until the last has ended.
        _start = start < _start ? start : _start;
        _end = end > _end ? end : _end;
    }

    /// <summary>The unmapping that began is over. Lock held.</summary>
    internal void End()
    {
        if (_underWay == 0)
        {
            throw new UnreachableException("An invalidation ended that had not begun.");
        }

        HostAtomics.WriteRelease(ref _sequence, _sequence + 1);
        _underWay--;
    }

    /// <summary>True if a frame found after <paramref name="snapshot"/> was taken may be gone. Lock held.</summary>
    internal bool IsStale(ulong snapshot, ulong gfn) => IsStale(snapshot, gfn, gfn + 1);

    /// <summary>As <see cref="IsStale(ulong, ulong)"/>, for frames [first, end) that are to be mapped as one.</summary>
    internal bool IsStale(ulong snapshot, ulong first, ulong end) =>
        (_underWay != 0 && end > _start && first < _end)
#if MMU_FAULT_63
        || _sequence != (ulong)(int)snapshot;
#else
        || _sequence != snapshot;
#endif
}
