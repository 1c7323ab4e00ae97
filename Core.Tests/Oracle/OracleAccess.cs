// Oracle: one memory access. An implicit access is a supervisor's whatever the privilege level, so never `User` as well.
namespace Mmu.Tests.Oracle;

internal readonly record struct OracleAccess(
    OracleKind Kind, bool User = false, bool Implicit = false, bool Ac = false, bool ShadowStack = false);
