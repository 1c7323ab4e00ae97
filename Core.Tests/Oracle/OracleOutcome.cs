// Oracle: how an access ends.
namespace Mmu.Tests.Oracle;

internal enum OracleOutcome
{
    Ok,
    PageFault,
    NonCanonical,
    EptViolation,
    EptMisconfiguration,
    NestedPageFault,
    InvalidPdpte,
}
