// Common: kinds of answers to a request for a host frame.
namespace Mmu.Common;

/// <summary>What the VMM found for a guest frame.</summary>
public enum ResolvedKind
{
    /// <summary>A frame that may be read and written.</summary>
    Present,

    /// <summary>A frame that may only be read for now: copy-on-write.</summary>
    ReadOnly,

    /// <summary>Nothing yet; the access is to be tried again later.</summary>
    NotYet,

    /// <summary>The memory is lost.</summary>
    Poisoned,

    /// <summary>There is no memory: a device answers.</summary>
    Mmio,
}
