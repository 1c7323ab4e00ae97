// Walk: how a dimension reports its faults.
namespace Mmu.Walk;

/// <summary>How a dimension reports its faults.</summary>
internal enum FaultStyle
{
    /// <summary>#PF with an error code.</summary>
    PageFault,

    /// <summary>EPT violation or misconfiguration.</summary>
    Ept,

    /// <summary>#NPF with EXITINFO1.</summary>
    Npt,
}
