// Oracle: one run of physical memory.
namespace Mmu.Tests.Oracle;

internal sealed record OracleSlot(ulong Address, byte[] Bytes, bool ReadOnly);
