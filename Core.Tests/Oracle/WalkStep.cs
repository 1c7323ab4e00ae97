// Rows: one access of a row: the stores made before it, the processor's state, the access and its expectation.
using System.Collections.Generic;

namespace Mmu.Tests.Oracle;

internal sealed record WalkStep(
    IReadOnlyList<WalkPoke> Pokes,
    OracleCpu Cpu,
    OracleNested? Nested,
    ulong Gva,
    OracleAccess Access,
    bool Update,
    WalkExpectation Expectation);
