// Shadow: part of a long list of SPTE references.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mmu.Shadow;

/// <summary>Up to <see cref="Capacity"/> references; only the first chunk of a list may have room left. One cache line.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct RefChunk
{
    /// <summary>References a chunk holds.</summary>
    internal const int Capacity = 13;

    /// <summary>The next chunk, which is full; 0 if there is none.</summary>
    internal uint Next;

    /// <summary>References in this chunk.</summary>
    internal uint Count;

    /// <summary>References in all chunks behind this one.</summary>
    internal uint CountBehind;

    /// <summary>The references, as <see cref="SpteRef.ToWord"/> made them.</summary>
    internal Words References;

    /// <summary>The references of a chunk.</summary>
    [InlineArray(Capacity)]
    internal struct Words
    {
        private uint _first;
    }
}
