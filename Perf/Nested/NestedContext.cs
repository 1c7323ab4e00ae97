// Perf: mirror of the context in Peers/nested.c.
using System.Runtime.InteropServices;

namespace Mmu.Perf.Nested;

/// <summary>What a walk in C is given.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NestedContext
{
    public nuint Memory;
    public ulong Bytes;
    public ulong GuestRoot;
    public ulong NestedRoot;
    public ulong Reserved;
}
