// Abi: the fields of an event of a trace.
using System.Runtime.CompilerServices;

namespace Mmu.Native.Abi;

/// <summary>Six words.</summary>
[InlineArray(Count)]
internal struct TraceWords
{
    internal const int Count = 6;

    private ulong _first;
}
