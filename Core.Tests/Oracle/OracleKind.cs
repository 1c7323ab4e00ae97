// Oracle: what an access does with the byte it names.
namespace Mmu.Tests.Oracle;

internal enum OracleKind
{
    Read,
    Write,
    Fetch,
}
