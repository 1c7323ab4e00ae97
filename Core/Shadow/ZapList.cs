// Shadow: pages that were taken apart and wait for the flush.
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>Pages that no table names any more, but that a TLB may still remember: freed after a flush. Linked through their headers.</summary>
internal struct ZapList
{
    /// <summary>The page added last; none if the list is empty.</summary>
    internal PageHandle First;

    /// <summary>Something was removed or restricted that a TLB may hold.</summary>
    internal bool NeedsFlush;

    /// <summary>A root in use became invalid: vCPUs have to let go of it.</summary>
    internal bool LostRoot;

    /// <summary>Nothing was removed, and nothing is owed.</summary>
    internal readonly bool IsIdle => First.IsNone && !NeedsFlush && !LostRoot;
}
