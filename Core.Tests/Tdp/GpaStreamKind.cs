// TDP judge: the commands of a stream.
namespace Mmu.Tests.Tdp;

internal enum GpaStreamKind
{
    Access,
    LeaveGuest,
    ToggleSmm,
    Prefault,
    ToggleHotSlot,
    Unmap,
    ChangeAnswers,
    WriteProtect,
    ClearDirty,
    Age,
    Split,
    Collapse,
    ZapRange,
    ZapAll,
    ZapObsolete,
    Shrink,
    Track,
    SetPrivate,
}
