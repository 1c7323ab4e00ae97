// Rows: one slot of physical memory.
namespace Mmu.Tests.Oracle;

internal readonly record struct WalkSlot(ulong Address, int Size, bool ReadOnly);
