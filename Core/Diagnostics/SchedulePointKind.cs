// Diagnostics: the moments between two steps of a change at which a test may let another thread run.
namespace Mmu.Diagnostics;

/// <summary>A place in the code at which others may see a change half done.</summary>
internal enum SchedulePointKind
{
    /// <summary>A fault has read an entry and not yet exchanged it.</summary>
    TdpFaultRead,

    /// <summary>An entry is frozen; TLBs are not flushed yet.</summary>
    TdpFrozen,

    /// <summary>TLBs are flushed; the frozen entry has not got its last value yet.</summary>
    TdpFlushed,

    /// <summary>Tables that were taken out are about to be given to the epoch.</summary>
    TdpRetire,

    /// <summary>The small pages of a split are written; the huge entry does not name their table yet.</summary>
    TdpSplitLink,

    /// <summary>Ageing has read an entry and not yet exchanged it.</summary>
    TdpAge,

    /// <summary>Dirty logging has read an entry and not yet exchanged it.</summary>
    TdpDirtyClear,

    /// <summary>A pass over a range has let go of the lock.</summary>
    TdpYield,

    /// <summary>A reader of a trace has seen the number of an event and not yet copied it.</summary>
    TraceRead,
}
