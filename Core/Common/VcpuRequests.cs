// Common: what a vCPU has to do before it enters the guest.
using System;

namespace Mmu.Common;

/// <summary>
/// What a vCPU has to do before it enters, in the order of the values. Others ask through its <see cref="VcpuLine"/>, its own thread through
/// <see cref="Vcpu.Pending"/>.
/// </summary>
[Flags]
internal enum VcpuRequests : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Let go of roots that became invalid or obsolete, then load one anew.</summary>
    FreeObsoleteRoots = 1,

    /// <summary>Bring the tables below the current root in step with the guest's.</summary>
    Sync = 2,

    /// <summary>Load the root of the control state.</summary>
    LoadRoot = 4,

    /// <summary>Empty the TLB of one page's translations, <see cref="Vcpu.FlushAddress"/>. The vCPU's own wish only.</summary>
    FlushPage = 8,

    /// <summary>Empty the TLB of the current root's translations.</summary>
    FlushCurrent = 16,

    /// <summary>Empty the TLB.</summary>
    Flush = 32,

    /// <summary>No work: somebody waits until the vCPU leaves the guest or polls.</summary>
    Awaited = 1u << 31,
}
