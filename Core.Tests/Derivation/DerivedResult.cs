// Tests: what the oracle of the derivation tests finds.
using Mmu.Walk;

namespace Mmu.Tests.Derivation;

/// <summary>What a walk finds.</summary>
/// <param name="Outcome">How it ends.</param>
/// <param name="Level">Level of the leaf, or of the entry that refused.</param>
/// <param name="Entry">That entry.</param>
internal sealed record DerivedResult(WalkOutcome Outcome, int Level, ulong Entry)
{
    public ulong Gpa { get; init; }

    public int PageShift { get; init; }

    public int Rights { get; init; }

    public ulong ErrorCode { get; init; }

    public ulong EntryAddress { get; init; }

    /// <summary>Entries read.</summary>
    public int Reads { get; init; }

    /// <summary>The leaf as a second reading finds it, where the walk had marked the same entry at a level above.</summary>
    public ulong EntryAgain { get; init; }

    /// <summary>The highest address that the walk used.</summary>
    public ulong Highest { get; init; }

    /// <summary>As what the walker says, in the same words.</summary>
    public static DerivedResult Of(in WalkResult result) => new(result.Outcome, result.Level, result.Entry)
    {
        Gpa = result.Gpa.Value,
        PageShift = result.PageShift,
        Rights = (int)result.Rights,
        ErrorCode = (ulong)result.ErrorCode,
        EntryAddress = result.EntryAddress,
    };
}
