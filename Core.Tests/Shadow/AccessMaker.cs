// Shadow judge: accesses of every kind.
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal static class AccessMaker
{
    internal static OracleAccess Make(SeededRandom random)
    {
        OracleKind kind = random.Next(10) switch { < 5 => OracleKind.Read, < 8 => OracleKind.Write, _ => OracleKind.Fetch };
        bool user = random.Next(3) == 0;
        return new OracleAccess(kind, user, Implicit: !user && kind != OracleKind.Fetch && random.Next(8) == 0, Ac: random.Next(3) == 0);
    }
}
