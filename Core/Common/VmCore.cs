// Common: what all parts of a VM share.
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Common;

/// <summary>The state of a VM that common code and engines share.</summary>
internal sealed class VmCore
{
    internal required CpuFeatures Features { get; init; }

    /// <summary>Host facts that SPTEs depend on.</summary>
    internal required SpteHost SpteHost { get; init; }

    internal required TableArena Tables { get; init; }

    internal required PrivateArena Private { get; init; }

    internal required EpochDomain Epochs { get; init; }

    internal required MmuLock Lock { get; init; }

    internal required RunGate Gate { get; init; }

    internal required IMmuHost Host { get; init; }

    /// <summary>Guest memory by address space: 0, and 1 in system-management mode.</summary>
    internal required GuestMemory[] Memories { get; init; }

    /// <summary>The same slots with what the VM keeps about them.</summary>
    internal required SlotRecords[] Slots { get; init; }

    /// <summary>Most shadow tables before the oldest are taken apart.</summary>
    internal required uint TableQuota { get; init; }

    /// <summary>Most vCPUs.</summary>
    internal required int MaxVcpus { get; init; }

    /// <summary>
    /// Changes with each change of slots, in the 18 bits that an MMIO entry has for it; entries of another generation count for nothing.
    /// Guarded by: MmuLock(write).
    /// </summary>
    internal uint SlotGeneration { get; set; }

    /// <summary>Tells whether a frame that the VMM was asked for may still be used.</summary>
    internal InvalidateSequence Sequence { get; } = new();

    /// <summary>How many slots leave their host frames to the VMM. Guarded by: MmuLock(write); read without it as a hint.</summary>
    internal int ResolvedSlots { get; set; }

    /// <summary>Tables were found corrupt: nothing runs any more.</summary>
    internal bool IsDead { get; private set; }

    /// <summary>Stops the VM after corruption was found.</summary>
    internal void Kill() => IsDead = true;
}
