// Common: one vCPU as engines see it.
using Mmu.Architecture;
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

    /// <summary>CR3 without the bit that keeps translations.</summary>
    internal ulong Cr3 => Walker.ControlState.Cr3 & ~ControlBits.Cr3NoFlush;

    /// <summary>0, or 1 in system-management mode.</summary>
    internal int AddressSpace => Role.SystemManagement ? 1 : 0;

    /// <summary>Physical address of the loaded root, for CR3; meaningless before <see cref="IMmuEngine.LoadRoot"/>.</summary>
    internal ulong RootAddress { get; set; }

    /// <summary>The vCPU's own wish to have obsolete roots freed before it enters next.</summary>
    internal bool WantsObsoleteRootsFreed { get; set; }
}
