// Common: what a change of control registers asks of the MMU.
using System;

namespace Mmu.Common;

/// <summary>What a change of control registers asks of the Shadow MMU.</summary>
[Flags]
internal enum ControlActions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Tables of another role, or of another CR3, come into force.</summary>
    SwitchRoot = 1,

    /// <summary>No root outlives it, cached or not.</summary>
    UnloadAll = 2,

    /// <summary>The guest dropped all its translations, of every PCID and global ones too.</summary>
    FlushGuest = 4,

    /// <summary>The guest dropped the translations of the PCID in force.</summary>
    FlushCurrent = 8,

    /// <summary>The tables below the root in force must be brought in step before the guest goes on.</summary>
    Sync = 16,

    /// <summary>Cached roots that carry the PCID of the new CR3 are let go.</summary>
    FreePcid = 32,
}
