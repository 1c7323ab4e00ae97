// Rows: one store into physical memory.
namespace Mmu.Tests.Oracle;

internal readonly record struct WalkPoke(ulong Address, int Bytes, ulong Value);
