// Walk: a walk that leaves no trace.
namespace Mmu.Walk;

/// <summary>Leaves accessed and dirty bits alone, as a debugger wants.</summary>
internal readonly struct Peek : IMarking
{
    /// <inheritdoc/>
    public static bool Enabled => false;
}
