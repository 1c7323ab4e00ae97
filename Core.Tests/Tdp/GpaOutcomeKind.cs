// TDP judge: ways in which an access to guest physical memory ends on our tables.
namespace Mmu.Tests.Tdp;

internal enum GpaOutcomeKind
{
    /// <summary>The access is made.</summary>
    Passes,

    /// <summary>EPT violation or nested page fault.</summary>
    Violation,

    /// <summary>EPT misconfiguration, or a nested page fault for reserved bits.</summary>
    Misconfigured,
}
