// Walk: which generation of the software TLB belongs to which address space.
using System;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>
/// The address spaces whose entries may still be good. Each has a generation, and entries of others never match; what is forgotten here is
/// flushed.
/// </summary>
internal sealed class SoftTlbContexts
{
    private const int Count = 8;

    private readonly (SoftTlbSpace Space, ulong Generation)[] _known = new (SoftTlbSpace Space, ulong Generation)[Count];
    private int _next;

    /// <summary>The generation of an address space; 0 if it is not known.</summary>
    internal ulong Find(in SoftTlbSpace space)
    {
        foreach (ref readonly (SoftTlbSpace Space, ulong Generation) known in _known.AsSpan())
        {
            if (known.Generation != 0 && known.Space == space)
            {
                return known.Generation;
            }
        }

        return 0;
    }

    /// <summary>Adds an address space in the place of the one that was added first.</summary>
    internal void Add(in SoftTlbSpace space, ulong generation)
    {
        _known[_next] = (space, generation);
        _next = (_next + 1) % Count;
    }

    /// <summary>Forgets the address spaces of a PCID of one guest.</summary>
    internal void ForgetPcid(ulong pcid, ulong guest)
    {
        foreach (ref (SoftTlbSpace Space, ulong Generation) known in _known.AsSpan())
        {
#if MMU_FAULT_112
            if ((known.Space.Cr3 & ControlBits.Cr3Pcid) == pcid && known.Space.Guest == guest && known.Space.Keys == 0)
#else
            if ((known.Space.Cr3 & ControlBits.Cr3Pcid) == pcid && known.Space.Guest == guest)
#endif
            {
                known = default;
            }
        }
    }

    /// <summary>Forgets the address spaces of nested guests: those of one guest, or all; behind one second dimension, or any or none.</summary>
    internal void ForgetNested(ulong? guest, ulong? second)
    {
        foreach (ref (SoftTlbSpace Space, ulong Generation) known in _known.AsSpan())
        {
            if (known.Space.Guest != 0 && known.Space.Guest == (guest ?? known.Space.Guest) && known.Space.Second == (second ?? known.Space.Second))
            {
                known = default;
            }
        }
    }

    /// <summary>Forgets all.</summary>
    internal void Clear() => Array.Clear(_known);
}
