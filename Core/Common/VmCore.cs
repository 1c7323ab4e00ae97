// Common: what all parts of a VM share.
using System;
using Mmu.Architecture;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Common;

/// <summary>The state of a VM that common code and engines share.</summary>
internal sealed class VmCore
{
    // atomic: HostAtomics
    private int _hasPrivateMemory;

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

    /// <summary>Huge pages are never executable; a fetch maps 4 KiB.</summary>
    internal required bool NxHugePages { get; init; }

    /// <summary>The VM is made for nested paging: what only the Shadow MMU needs is made when that gets to work.</summary>
    internal bool IsOnTdp { get; init; }

    /// <summary>What the tables of the guest's guests look like; null if it can have none behind EPT or NPT.</summary>
    internal TdpOptions? Nested { get; init; }

    /// <summary>Most vCPUs.</summary>
    internal required int MaxVcpus { get; init; }

    /// <summary>Entries of each vCPU's dirty ring; 0 without rings.</summary>
    internal int DirtyRingEntries { get; init; }

    /// <summary>How many of them stay free.</summary>
    internal int DirtyRingReserve { get; init; }

    /// <summary>Processors note the pages whose dirty bits they set, where they walk tables of ours that have such bits.</summary>
    internal bool LogsByDirtyBits { get; init; }

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

    /// <summary>True once memory was made private: faults then need the slot, and the lock with it. Never becomes false again.</summary>
    internal bool HasPrivateMemory
    {
        get => HostAtomics.ReadAcquire(ref _hasPrivateMemory) != 0;
        set => HostAtomics.WriteRelease(ref _hasPrivateMemory, value ? 1 : 0);
    }

    /// <summary>The VM's number in this process, by which events name it.</summary>
    internal required int Number { get; init; }

    /// <summary>Where frequent events go; null if nobody wants them.</summary>
    internal TraceRing? Trace { get; private set; }

    /// <summary>Says where frequent events go from now on.</summary>
    internal void SetTrace(TraceRing? trace)
    {
        Trace = trace;
        Slots[0].Trace = trace;
        Slots[1].Trace = trace;
    }

    /// <summary>Stops the VM after corruption was found.</summary>
    internal void Kill()
    {
        IsDead = true;
        MmuEvents.Log.VmDied(Number);
    }

    /// <summary>
    /// Asks the Shadow MMU before a guarded frame becomes writable in other tables: false if it may not. Callable with the lock held shared.
    /// </summary>
    internal bool AllowWritable(SlotRecord slot, ulong gfn) => WritableGate is not { } gate || gate(slot, gfn);

    /// <summary>Who is asked by <see cref="AllowWritable"/>; null if nobody shadows. Set once, when the VM is made.</summary>
    internal Func<SlotRecord, ulong, bool>? WritableGate { get; set; }

    /// <summary>Tells whether a frame holds a guest table that is shadowed and in step, for audits; set and called as <see cref="ProtectElsewhere"/>.</summary>
    internal Func<SlotRecord, ulong, bool>? IsShadowedInStep { get; set; }

    /// <summary>
    /// Takes write access to a frame from tables of other engines than the one that asks, which is about to guard it; true if TLBs must be flushed.
    /// Set once, when the VM is made. Lock held exclusively.
    /// </summary>
    internal Func<SlotRecord, ulong, bool>? ProtectElsewhere { get; set; }
}
