// Rows: what one access of a row must yield. Only what is given is compared, except memory, where all that is not named must stay.
using System.Collections.Generic;

namespace Mmu.Tests.Oracle;

internal sealed record WalkExpectation(OracleOutcome Outcome)
{
    public ulong? Code { get; init; }

    public ulong? Gpa { get; init; }

    public ulong? Hpa { get; init; }

    public int? PageShift { get; init; }

    // Letters of R, W, X, U, in that order.
    public string? Rights { get; init; }

    public bool? Global { get; init; }

    public int? PatIndex { get; init; }

    public int? MemoryType { get; init; }

    public ulong? FaultGpa { get; init; }

    public int? Level { get; init; }

    public ulong? EntryAddress { get; init; }

    // Entry (host-physical address) and the bits that the walk must have added to it.
    public IReadOnlyList<(ulong Address, ulong Bits)> Sets { get; init; } = [];
}
