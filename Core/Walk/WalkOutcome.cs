// Walk: how a walk ended.
namespace Mmu.Walk;

/// <summary>How a walk ended, and so what the caller has to do.</summary>
public enum WalkOutcome
{
    /// <summary>No walk was made.</summary>
    None,

    /// <summary>The access is allowed and the address translated.</summary>
    Translated,

    /// <summary>Inject #PF with <see cref="WalkResult.ErrorCode"/> and CR2 = <see cref="WalkResult.LinearAddress"/>.</summary>
    PageFault,

    /// <summary>The address is not canonical: inject #GP, or #SS for a stack access.</summary>
    NonCanonical,

    /// <summary>Reflect an EPT violation with <see cref="WalkResult.ExitQualification"/>.</summary>
    EptViolation,

    /// <summary>Reflect an EPT misconfiguration.</summary>
    EptMisconfiguration,

    /// <summary>Reflect a nested page fault with <see cref="WalkResult.ExitInfo1"/>.</summary>
    NestedPageFault,

    /// <summary>Nothing was decided because other processors kept changing the tables: run the access again.</summary>
    Retry,

    /// <summary>Reflect that the log of modified pages is full (<see cref="Architecture.EptControl.LogAddress"/>): nothing was marked.</summary>
    ModificationLogFull,
}
