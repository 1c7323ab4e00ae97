// Guest: properties of a memory slot.
using System;

namespace Mmu.Guest;

/// <summary>Properties of a memory slot.</summary>
[Flags]
public enum SlotFlags
{
    /// <summary>Ordinary memory.</summary>
    None = 0,

    /// <summary>The guest cannot write: writes fail and accessed and dirty bits in it are left alone.</summary>
    ReadOnly = 1,

    /// <summary>
    /// A CPU that walks our tables finds the frames that the VMM names when it is asked (copy-on-write, ballooning, post-copy), not those that
    /// follow the first. The host address holds for the library's own reads all the same.
    /// </summary>
    Resolved = 2,

    /// <summary>A device's memory, passed through: not cached, not encrypted. For VMs on nested paging.</summary>
    Device = 4,

    /// <summary>The guest may fetch and nothing else. For VMs on nested paging with <c>TdpOptions.ExecuteOnly</c>.</summary>
    ExecuteOnly = 8,
}
