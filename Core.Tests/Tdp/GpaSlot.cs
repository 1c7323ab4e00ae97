// TDP judge: a memory slot, and what the host says of each of its frames.
using System;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Tdp;

/// <summary>A slot of the model.</summary>
/// <param name="addressSpace">0, or 1 of system-management mode.</param>
/// <param name="gfn">Its first guest frame.</param>
/// <param name="range">Its memory.</param>
/// <param name="flags">Its flags.</param>
internal sealed class GpaSlot(int addressSpace, ulong gfn, HostRange range, SlotFlags flags)
{
    private const ulong BlockPages = 512;

    private readonly ResolvedKind[] _answers = new ResolvedKind[range.Pages];
    private readonly bool[] _private = new bool[range.Pages];

    internal int AddressSpace => addressSpace;

    internal ulong Gfn => gfn;

    internal ulong Pages => (ulong)range.Pages;

    internal HostRange Range => range;

    internal SlotFlags Flags => flags;

    internal bool IsReadOnly => (flags & SlotFlags.ReadOnly) != 0;

    internal bool IsResolved => (flags & SlotFlags.Resolved) != 0;

    internal bool IsExecuteOnly => (flags & SlotFlags.ExecuteOnly) != 0;

    internal bool IsDevice => (flags & SlotFlags.Device) != 0;

    internal bool Holds(ulong frame) => frame - gfn < Pages;

    /// <summary>The host frame behind a guest frame, now.</summary>
    internal ulong FrameOf(ulong frame) => range.FrameOf(PageOf(frame));

    internal ref ResolvedKind AnswerOf(ulong frame) => ref _answers[PageOf(frame)];

    internal ref bool IsPrivate(ulong frame) => ref _private[PageOf(frame)];

    /// <summary>Gives a frame's page another host frame, or another answer; the old one is revoked when it is unmapped.</summary>
    internal void Move(ulong frame) => _ = range.TryMove(PageOf(frame));

    internal void Revoke(ulong frame) => range.Revoke(PageOf(frame));

    /// <summary>log2 of how many frames around one follow each other as the guest's do, of those that the host may tell.</summary>
    internal int OrderOf(ulong frame)
    {
        ulong first = frame & ~(BlockPages - 1);
        if (!Holds(first) || !Holds(first + BlockPages - 1) || FrameOf(first) % BlockPages != 0)
        {
            return 0;
        }

        for (ulong at = first; at < first + BlockPages; at++)
        {
            if (FrameOf(at) != FrameOf(first) + (at - first) || AnswerOf(at) != AnswerOf(first))
            {
                return 0;
            }
        }

        return 9;
    }

    /// <summary>The same memory elsewhere.</summary>
    internal GpaSlot MovedTo(ulong frame) => new(addressSpace, frame, range, flags);

    private int PageOf(ulong frame) => Holds(frame) ? (int)(frame - gfn) : throw new ArgumentOutOfRangeException(nameof(frame), frame, "Not of the slot.");
}
