// Vmm: one mapped page of an address space.
using Mmu.Architecture;

namespace Mmu.Vmm.Inspect;

/// <summary>A page: where it is mapped, what it maps, its size in bytes, the leaf entry and the rights folded over all levels.</summary>
internal readonly record struct MappedPage(ulong Gva, ulong Gpa, ulong Size, ulong Entry, Rights Rights);
