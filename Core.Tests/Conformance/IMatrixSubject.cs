// Conformance: the walker under test, spoken to in the oracle's types.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal interface IMatrixSubject
{
    // Called whenever control state changes, before the walks under it.
    void Configure(OracleCpu cpu, OracleNested? nested);

    void Walk(ulong gva, OracleAccess access, bool update, out OracleResult result);
}
