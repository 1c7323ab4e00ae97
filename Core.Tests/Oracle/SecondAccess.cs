// Oracle: an access as the second dimension sees it.
namespace Mmu.Tests.Oracle;

internal readonly struct SecondAccess
{
    public OracleKind Kind { get; init; }

    // A read of a guest table, as against the access to the final address.
    public bool IsTable { get; init; }

    // U=1 in every guest entry of the path, or guest paging off: chooses XU over X (Intel SDM "Mode-Based Execute Control for EPT").
    public bool UserModeAddress { get; init; }

    // The guest runs as supervisor; matters to GMET only.
    public bool GuestSupervisor { get; init; }

    // Set by a load of the PDPTE registers, which has no linear address and never counts as a write.
    public bool IsPdpteLoad { get; init; }
}
