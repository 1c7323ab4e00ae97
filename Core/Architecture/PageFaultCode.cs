// Architecture: the page-fault error code.
using System;

namespace Mmu.Architecture;

/// <summary>
/// Error code of a page fault. Intel SDM "Page-Fault Exceptions". The low half of a nested page fault's EXITINFO1 has the same bits.
/// </summary>
[Flags]
public enum PageFaultCode
{
    /// <summary>A read by the supervisor of a page that is not present.</summary>
    None = 0,

    /// <summary>P: the page was present.</summary>
    Present = 1 << 0,

    /// <summary>W/R: a write.</summary>
    Write = 1 << 1,

    /// <summary>U/S: a user access.</summary>
    User = 1 << 2,

    /// <summary>RSVD: a reserved bit was set.</summary>
    Reserved = 1 << 3,

    /// <summary>I/D: a fetch.</summary>
    Fetch = 1 << 4,

    /// <summary>PK: a protection key refused.</summary>
    ProtectionKey = 1 << 5,

    /// <summary>SS: a shadow-stack access.</summary>
    ShadowStack = 1 << 6,
}
