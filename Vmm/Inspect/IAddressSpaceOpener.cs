// Vmm: the seam between `mmu inspect` and the walker it stands on.
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Inspect;

/// <summary>Makes address spaces out of table pages and control state.</summary>
internal interface IAddressSpaceOpener
{
    /// <summary>Opens the address space of <paramref name="root"/>; <paramref name="tables"/> must outlive it.</summary>
    IAddressSpace Open(TableMemory tables, PagingRoot root, CpuModel cpu, WalkBudget budget);
}
