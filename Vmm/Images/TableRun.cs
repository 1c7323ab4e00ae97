// Vmm: adjacent table pages, adjacent in the host as well.
namespace Mmu.Vmm.Images;

/// <summary>Guest memory from <paramref name="Gpa"/>, <paramref name="Size"/> bytes, at host address <paramref name="Host"/>.</summary>
internal readonly record struct TableRun(ulong Gpa, ulong Size, nint Host);
