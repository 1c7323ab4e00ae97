// Memory tests: a trace ring in memory that the test supplies.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Mmu.Diagnostics;
using Mmu.Memory;

namespace Mmu.Tests.Memory;

internal sealed unsafe class TraceMemory : IDisposable
{
    private readonly void* _memory;

    internal TraceMemory(int entries = 1024)
    {
        _memory = NativeMemory.AlignedAlloc((nuint)entries * TraceEvent.Bytes, 64);
        NativeMemory.Clear(_memory, (nuint)entries * TraceEvent.Bytes);
        Ring = new TraceRing((nuint)_memory, entries);
    }

    internal TraceRing Ring { get; }

    /// <summary>The words of the memory, as whoever else has it sees them.</summary>
    internal Span<ulong> Words => new(_memory, Ring.Entries * TraceEvent.Bytes / 8);

    /// <summary>The events from a number on that are still there.</summary>
    internal List<TraceEvent> Read(ulong first = 0)
    {
        List<TraceEvent> events = [];
        for (ulong number = first; number < Ring.Count; number++)
        {
            if (Ring.TryRead(number, out TraceEvent read))
            {
                events.Add(read);
            }
        }

        return events;
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
