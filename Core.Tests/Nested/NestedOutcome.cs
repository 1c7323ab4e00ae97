// Nested judge: how an access of L2 ended.
using Mmu.Common;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Nested;

/// <param name="Answer">What the VMM was told; None if the processor ended the access by itself.</param>
/// <param name="Seen">What the processor saw last.</param>
/// <param name="Result">Details of the answer.</param>
internal readonly record struct NestedOutcome(FaultOutcome Answer, OracleResult Seen, FaultResult Result)
{
    /// <summary>The access was made by the processor.</summary>
    internal bool IsMade => Answer == FaultOutcome.None && Seen.Outcome == OracleOutcome.Ok;
}
