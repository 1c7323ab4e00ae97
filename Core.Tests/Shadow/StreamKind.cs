// Shadow judge: the commands of a stream.
namespace Mmu.Tests.Shadow;

internal enum StreamKind
{
    Access,
    StoreEntry,
    EmulatedStore,
    HostStore,
    SilentStore,
    MoveCr3,
    ChangeMode,
    ChangeSwitch,
    ChangeKeys,
    InvalidatePage,
    InvalidatePcid,
    ToggleSmm,
    LeaveGuest,
    ToggleHotSlot,
    UnmapRange,
    Age,
    WriteProtect,
    Track,
    ZapAll,
    ZapObsolete,
    Shrink,
    Unprotect,
    DirtyLog,
}
