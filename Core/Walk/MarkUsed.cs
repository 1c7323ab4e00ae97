// Walk: a walk as the CPU makes it.
namespace Mmu.Walk;

/// <summary>Sets accessed and dirty bits, as the CPU does.</summary>
internal readonly struct MarkUsed : IMarking
{
    /// <inheritdoc/>
    public static bool Enabled => true;
}
