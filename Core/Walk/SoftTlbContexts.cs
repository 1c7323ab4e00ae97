// Walk: which generation of the software TLB belongs to which address space.
using System;
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>
/// The address spaces whose entries may still be good: a CR3 with its PCID, under protection-key registers. Each has a generation, and entries of
/// others never match; what is forgotten here is flushed.
/// </summary>
internal sealed class SoftTlbContexts
{
    private const int Count = 8;

    private readonly (ulong Cr3, ulong Keys, ulong Generation)[] _known = new (ulong Cr3, ulong Keys, ulong Generation)[Count];
    private int _next;

    /// <summary>The generation of an address space; 0 if it is not known.</summary>
    internal ulong Find(ulong cr3, ulong keys)
    {
        foreach ((ulong Cr3, ulong Keys, ulong Generation) known in _known)
        {
            if (known.Generation != 0 && known.Cr3 == cr3 && known.Keys == keys)
            {
                return known.Generation;
            }
        }

        return 0;
    }

    /// <summary>Adds an address space in the place of the one that was added first.</summary>
    internal void Add(ulong cr3, ulong keys, ulong generation)
    {
        _known[_next] = (cr3, keys, generation);
        _next = (_next + 1) % Count;
    }

    /// <summary>Forgets the address spaces of a PCID.</summary>
    internal void ForgetPcid(ulong pcid)
    {
        foreach (ref (ulong Cr3, ulong Keys, ulong Generation) known in _known.AsSpan())
        {
#if MMU_FAULT_112
            if ((known.Cr3 & ControlBits.Cr3Pcid) == pcid && known.Keys == 0)
#else
            if ((known.Cr3 & ControlBits.Cr3Pcid) == pcid)
#endif
            {
                known = default;
            }
        }
    }

    /// <summary>Forgets all.</summary>
    internal void Clear() => Array.Clear(_known);
}
