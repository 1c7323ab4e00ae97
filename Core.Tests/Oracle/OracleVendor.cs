// Oracle: whose processor is modelled; the two differ in which bits of upper-level entries are reserved.
namespace Mmu.Tests.Oracle;

internal enum OracleVendor
{
    Intel,
    Amd,
}
