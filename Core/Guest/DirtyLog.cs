// Guest: who wants to know which pages of a slot are written.
using System;
using System.Runtime.CompilerServices;

namespace Mmu.Guest;

/// <summary>The consumers of a slot's dirty pages. Immutable: another one replaces it when a consumer comes or goes.</summary>
/// <remarks>
/// <see cref="Mark(ulong, DirtyRing)"/> takes no lock and is called in any state of locks, but inside a vCPU's call or stay in guest, or with the
/// MMU lock held: who replaces the log waits for these before it relies on the new one, or gives memory back.
/// </remarks>
internal sealed class DirtyLog
{
    private readonly DirtyConsumer[] _consumers;
    private readonly ulong _baseGfn;
    private readonly uint _slot;

    internal DirtyLog(SlotRecord slot, DirtyConsumer[] consumers)
    {
        _baseGfn = slot.BaseGfn;
        _slot = (uint)slot.Id;
        _consumers = consumers;
    }

    /// <summary>All of them.</summary>
    internal ReadOnlySpan<DirtyConsumer> Consumers => _consumers;

    /// <summary>Bytes of the private arena that they hold.</summary>
    internal ulong Bytes
    {
        get
        {
            ulong bytes = 0;
            foreach (DirtyConsumer consumer in _consumers)
            {
                bytes += consumer.Bytes;
            }

            return bytes;
        }
    }

    /// <summary>
    /// A frame of the slot was written, or may be from now on. To be called <em>after</em> the store, or after the entry that allows stores was
    /// stored: who takes the mark looks at the memory, and at the entry, later.
    /// </summary>
    /// <param name="gfn">The frame.</param>
    /// <param name="ring">The ring of the vCPU that writes it, on that vCPU's thread; null if there is none.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void Mark(ulong gfn, DirtyRing? ring = null)
    {
#if MMU_FAULT_153
        _consumers[0].Mark(_slot, gfn - _baseGfn, ring);
#else
        foreach (DirtyConsumer consumer in _consumers)
        {
            consumer.Mark(_slot, gfn - _baseGfn, ring);
        }
#endif
    }

    /// <summary>True if the frame counts as written for every consumer: a condition for any entry that allows writes.</summary>
    internal bool IsMarked(ulong gfn)
    {
        foreach (DirtyConsumer consumer in _consumers)
        {
            if (!consumer.Written.IsSet(gfn - _baseGfn))
            {
                return false;
            }
        }

        return true;
    }
}
