// Common: the words by which a vCPU's thread and all others speak to each other.
using System.Runtime.InteropServices;

namespace Mmu.Common;

/// <summary>A cache line per vCPU: whether it is in guest or in a call, and what others ask of it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct VcpuLine
{
    /// <summary>Written by the vCPU's thread: the odd number of this stay in guest, or 0 outside. A poll starts a new stay.</summary>
    internal ulong Stay;

    /// <summary>Owner: the vCPU's thread. The number of the last stay.</summary>
    internal ulong LastStay;

    /// <summary>Set by anyone, taken by the vCPU's thread: <see cref="VcpuRequests"/>.</summary>
    internal uint Requests;

    /// <summary>Written by the vCPU's thread: odd while it is in a call that may read guest memory.</summary>
    internal uint Calls;

    /// <summary>Not 0 if the vCPU has a software TLB, which only its own thread can empty. Guarded by: MmuLock(write).</summary>
    internal uint HoldsPointers;
}
