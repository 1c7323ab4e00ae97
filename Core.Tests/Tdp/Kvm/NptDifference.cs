// KVM conformance, nested paging: a decision that is not KVM's.
namespace Mmu.Tests.Tdp.Kvm;

/// <summary>A decision that is not KVM's.</summary>
/// <param name="Step">The step of the log.</param>
/// <param name="Kind">What was decided.</param>
/// <param name="Text">Ours, and KVM's.</param>
internal sealed record NptDifference(NptStep Step, string Kind, string Text)
{
    /// <summary>Why it is meant to differ, as in docs/differences.md; null if nobody knows.</summary>
    internal string? Reason => Kind == "nothing in its place" || IsAfterTheLog || Kind == "leaf at the end: A and D" ? "huge page put back in place" : null;

    // The three faults that brought back what KVM took apart when the log ended.
    private bool IsAfterTheLog => Step is { IsFault: true, Line: > 2798 and < 4353 };

    /// <inheritdoc/>
    public override string ToString() => $"line {Step.Line}, {Kind}: {Text}";
}
