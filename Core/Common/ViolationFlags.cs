// Common: how an access to guest physical memory failed.
using System;

namespace Mmu.Common;

/// <summary>What a processor says of an access that the second dimension refused.</summary>
[Flags]
public enum ViolationFlags
{
    /// <summary>Nothing was mapped.</summary>
    None = 0,

    /// <summary>Something was mapped, but not for this access.</summary>
    Present = 1,

    /// <summary>An entry was met that no processor accepts: EPT misconfiguration, or a nested page fault for a reserved bit. So MMIO is marked.</summary>
    Misconfigured = 2,

    /// <summary>The guest accessed the address as private memory.</summary>
    Private = 4,

    /// <summary>The processor made the access while it walked the guest's own tables.</summary>
    PageWalk = 8,

    /// <summary>No linear address belongs to it: the load of the PDPTEs by a MOV to CR3, for instance.</summary>
    NoLinearAddress = 16,
}
