// Walk: bounds of a walk.
namespace Mmu.Walk;

/// <summary>Bounds of a walk.</summary>
internal static class WalkLimits
{
    /// <summary>Attempts before a walk whose entries keep changing ends in <see cref="WalkOutcome.Retry"/>.</summary>
    internal const int Attempts = 8;
}
