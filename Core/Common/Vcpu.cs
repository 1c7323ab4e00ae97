// Common: one vCPU as engines see it.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Common;

/// <summary>A vCPU: its guest walk, its role, the root it runs on.</summary>
/// <remarks>Owner: the vCPU's thread.</remarks>
internal sealed class Vcpu
{
    /// <summary>Number of the vCPU in its VM; also its number as an epoch reader.</summary>
    internal required int Id { get; init; }

    /// <summary>The walker of the guest's own tables, over the memory of the current address space.</summary>
    internal required GuestWalker Walker { get; init; }

    /// <summary>How the guest's tables are read.</summary>
    internal CpuRole Role { get; set; }

    /// <summary>The software TLB; null if nobody asked for one.</summary>
    internal SoftTlb? SoftTlb { get; set; }

    /// <summary>Where it reports the pages that it writes; null if rings are not used.</summary>
    internal DirtyRing? DirtyRing { get; init; }

    /// <summary>CR3 without the bit that keeps translations.</summary>
    internal ulong Cr3 => Walker.Cr3;

    /// <summary>0, or 1 in system-management mode.</summary>
    internal int AddressSpace => Role.SystemManagement ? 1 : 0;

    /// <summary>Physical address of the loaded root, for CR3; meaningless before <see cref="IMmuEngine.LoadRoot"/>.</summary>
    internal ulong RootAddress { get; set; }

    /// <summary>Its root is one of the TDP engine's.</summary>
    internal bool RunsOnTdp { get; set; }

    /// <summary>It runs a guest of its guest behind EPT or NPT: its root is one of the Shadow MMU's for L2's guest physical addresses.</summary>
    internal bool RunsNested { get; set; }

    /// <summary>Of <see cref="RunsNested"/>: the role of the root.</summary>
    internal PageRole NestedRole { get; set; }

    /// <summary>The VPID or ASID of the guest's guest that ran last; 0 for none.</summary>
    internal uint NestedTag { get; set; }

    /// <summary>What is pending for the guest that is not in force, as far as it concerns that one's tables alone.</summary>
    internal VcpuRequests Suspended { get; set; }

    /// <summary>How often it flushed its own TLB.</summary>
    internal ulong TlbFlushes { get; set; }

    /// <summary>How many linear addresses its guest invalidated.</summary>
    internal ulong Invalidations { get; set; }

    /// <summary>What the vCPU's own thread wants done before it enters.</summary>
    internal VcpuRequests Pending { get; set; }

    /// <summary>Of <see cref="VcpuRequests.FlushPage"/>: the linear address.</summary>
    internal Gva FlushAddress { get; set; }

    /// <summary>The vCPU's own wish to have obsolete roots freed before it enters next.</summary>
    internal bool WantsObsoleteRootsFreed
    {
        get => (Pending & VcpuRequests.FreeObsoleteRoots) != 0;
        set => Pending = value ? Pending | VcpuRequests.FreeObsoleteRoots : Pending & ~VcpuRequests.FreeObsoleteRoots;
    }
}
