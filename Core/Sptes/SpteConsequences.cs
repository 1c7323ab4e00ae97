// Sptes: what the replacement of an entry makes necessary.
using System;

namespace Mmu.Sptes;

/// <summary>What must follow when one SPTE replaces another.</summary>
[Flags]
internal enum SpteConsequences
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>TLBs may hold more than the new entry allows, and must be flushed.</summary>
    Flush = 1,

    /// <summary>The old entry said that its page was accessed, and the new one does not. Meaningful for leaves.</summary>
    AccessedLost = 2,

    /// <summary>The old entry said that its page was written, and the new one does not. Meaningful for leaves.</summary>
    DirtyLost = 4,
}
