// Sptes: what a leaf is made with beside its rights.
using System;

namespace Mmu.Sptes;

/// <summary>
/// Traits of a leaf. <see cref="HostWritable"/> ⊇ <see cref="MmuWritable"/> ⊇ W holds for what is made, whatever is asked for.
/// </summary>
[Flags]
internal enum LeafTraits
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The host lets the page be written.</summary>
    HostWritable = 1,

    /// <summary>The MMU has no reason of its own against writes: W may be restored without looking further.</summary>
    MmuWritable = 2,

    /// <summary>The page was accessed. Without it a format whose A bit no CPU sets is access-tracked.</summary>
    Accessed = 4,

    /// <summary>The page was written. Implied by W, so that a plain store can replace the entry later.</summary>
    Dirty = 8,

    /// <summary>The page is a device's: it is not encrypted.</summary>
    NoEncryption = 16,

    /// <summary>The next access is to be noticed, even if the page was accessed.</summary>
    AccessTracked = 32,
}
