// Conformance: one product to check: every control state x every combination of entry values x every address x every access.
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed class MatrixPhase
{
    public required string Name { get; init; }

    public required IReadOnlyList<OracleCpu> Cpus { get; init; }

    public IReadOnlyList<OracleNested?> Nested { get; init; } = [null];

    // The values that each varied entry takes.
    public required IReadOnlyList<(MatrixEntry Entry, ulong[] Values)> Varied { get; init; }

    public required ulong[] Addresses { get; init; }

    public required OracleAccess[] Accesses { get; init; }

    public bool[] Updates { get; init; } = [true];
}
