// Abi: how a processor reported a fault of the second dimension.
namespace Mmu.Native.Abi;

/// <summary>How the processor reported a fault of the second dimension.</summary>
internal enum ViolationSource
{
    /// <summary>It did not: access and flags say what happened.</summary>
    Given = 0,

    /// <summary>An EPT violation; code is its exit qualification.</summary>
    EptViolation = 1,

    /// <summary>An EPT misconfiguration.</summary>
    EptMisconfiguration = 2,

    /// <summary>A nested page fault; code is EXITINFO1.</summary>
    NestedPageFault = 3,
}
