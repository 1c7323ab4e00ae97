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
}
