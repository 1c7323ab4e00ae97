// Oracle: whose entry a fault names: the guest's own tables or the tables that map guest-physical memory.
namespace Mmu.Tests.Oracle;

internal enum OracleDimension
{
    Guest,
    Second,
}
