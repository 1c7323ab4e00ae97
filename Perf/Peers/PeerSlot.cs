// Perf: one memory slot as walker.c knows it.
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>Mirror of <c>slot</c> in Peers/walker.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PeerSlot
{
    public ulong Gpa;
    public ulong Size;

    /// <summary>Host address less gpa.</summary>
    public byte* Bias;

    public ulong Flags;
}
