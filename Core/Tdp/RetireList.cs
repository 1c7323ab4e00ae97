// Tdp: pages that were taken out of the tables, and the flush that is owed.
using Mmu.Memory;

namespace Mmu.Tdp;

/// <summary>What a change owes before the lock is dropped: a flush, and then the pages it removed to the arena. Linked through their headers.</summary>
internal struct RetireList
{
    /// <summary>The page added last; none if the list is empty.</summary>
    internal PageHandle First;

    /// <summary>Something was removed or restricted that a TLB may hold.</summary>
    internal bool NeedsFlush;

    /// <summary>True if nothing is owed.</summary>
    internal readonly bool IsIdle => First.IsNone && !NeedsFlush;
}
