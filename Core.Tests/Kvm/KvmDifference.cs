// KVM conformance: a decision that is not KVM's.
namespace Mmu.Tests.Kvm;

/// <summary>A decision that is not KVM's.</summary>
/// <param name="Step">The step of the log.</param>
/// <param name="Kind">What was decided.</param>
/// <param name="Text">Ours, and KVM's.</param>
/// <param name="Logs">The VMM keeps a dirty log.</param>
/// <param name="HasDropped">The VMM has given memory back to the host.</param>
internal sealed record KvmDifference(KvmStep Step, string Kind, string Text, bool Logs, bool HasDropped)
{
    private const uint Write = 2;

    /// <summary>Why it is meant to differ, as in docs/differences.md; null if nobody knows.</summary>
    internal string? Reason =>
        HasDropped && Step.Address is >= 0x44_0000 and < 0x45_0000 ? "host pages of a fixed slot are writable"
        : Logs && Kind == "neighbours" ? "neighbours in a slot with a dirty log"
        : Logs && (Step.Code & Write) == 0 && Kind is ("rights" or "rights: MMU-writable" or "rights: A and D" or "dirty frame") ? "a read in a slot with a dirty log maps no W"
        : Kind == "rights: A and D" ? "D of an entry that was mapped before"
        : null;

    /// <inheritdoc/>
    public override string ToString() => $"line {Step.Line}, {Kind}: {Text}";
}
