// Diagnostics: what a trace tells of.
namespace Mmu.Diagnostics;

/// <summary>A moment that a trace tells of. Names and fields are those of KVM's tracepoints: <see cref="TracePoints"/>.</summary>
public enum TracePoint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A processor raised a fault on our tables.</summary>
    PageFault = 1,

    /// <summary>The guest's tables are about to be walked.</summary>
    PagetableWalk = 2,

    /// <summary>The entry at which the walk ended.</summary>
    PagingElement = 3,

    /// <summary>A walk set the accessed bit of a guest's entry.</summary>
    SetAccessedBit = 4,

    /// <summary>A walk set the dirty bit of a guest's entry.</summary>
    SetDirtyBit = 5,

    /// <summary>The guest's tables refuse the access.</summary>
    WalkerError = 6,

    /// <summary>A table was found or made.</summary>
    GetPage = 7,

    /// <summary>A table is being brought in step with the guest's.</summary>
    SyncPage = 8,

    /// <summary>The guest may write a shadowed table at will from now on.</summary>
    UnsyncPage = 9,

    /// <summary>A table is being taken apart.</summary>
    PrepareZapPage = 10,

    /// <summary>An entry now says that there is no memory.</summary>
    MarkMmioSpte = 11,

    /// <summary>An entry that says so answered a fault.</summary>
    HandleMmioPageFault = 12,

    /// <summary>An entry that says so was looked at.</summary>
    CheckMmioSpte = 13,

    /// <summary>A fault was answered without the lock.</summary>
    FastPageFault = 14,

    /// <summary>All tables became obsolete.</summary>
    ZapAllFast = 15,

    /// <summary>A page is to be mapped.</summary>
    SpteRequested = 16,

    /// <summary>A leaf was set for a fault.</summary>
    SetSpte = 17,

    /// <summary>An entry of the TDP MMU came, went or names another place.</summary>
    TdpSpteChanged = 18,

    /// <summary>A huge page was split.</summary>
    SplitHugePage = 19,
}
