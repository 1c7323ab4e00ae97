// Vmm: adjacent pages shown as one line.
using Mmu.Architecture;

namespace Mmu.Vmm.Inspect;

/// <summary>Adjacent pages of equal rights: first and last byte, rights, and the page sizes met, one bit each.</summary>
internal readonly record struct MappedRange(ulong Start, ulong Last, Rights Rights, ulong PageSizes);
