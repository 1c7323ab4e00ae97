// Diagnostics: the fields of an event of a trace.
using System.Runtime.CompilerServices;

namespace Mmu.Diagnostics;

/// <summary>Six words.</summary>
[InlineArray(Count)]
internal struct TraceFields
{
    internal const int Count = 6;

    private ulong _first;
}
