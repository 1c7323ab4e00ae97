// Walk: how one attempt of a level-by-level walk ended.
namespace Mmu.Walk;

/// <summary>How one attempt of a level-by-level walk ended.</summary>
internal enum StepOutcome
{
    /// <summary>The result holds a translation.</summary>
    Done,

    /// <summary>The result holds a fault.</summary>
    Fault,

    /// <summary>An entry changed before it could be marked: walk again.</summary>
    Lost,
}
