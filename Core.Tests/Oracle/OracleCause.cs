// Oracle: which rule refused an access.
namespace Mmu.Tests.Oracle;

internal enum OracleCause
{
    None,
    NotPresent,
    OutsideMemory,
    TooWide,
    ReservedBit,
    Permission,
}
