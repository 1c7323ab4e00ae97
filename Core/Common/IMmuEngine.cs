// Common: all that common code may ask an engine.
using System;
using Mmu.Addressing;
using Mmu.Guest;

namespace Mmu.Common;

/// <summary>An engine that builds the tables a processor runs on. Implemented by one-field structs over a sealed class.</summary>
internal interface IMmuEngine : IDisposable
{
    /// <summary>
    /// True if <see cref="WriteProtect"/>, <see cref="WriteProtectMasked"/>, <see cref="ClearDirty"/>, <see cref="ClearDirtyMasked"/>,
    /// <see cref="Age"/>, <see cref="TestAge"/> and <see cref="ZapCollapsible"/> need the lock shared only; else exclusively.
    /// </summary>
    static abstract bool WorksShared { get; }

    /// <summary>False if there is no table at all. Without the lock a hint.</summary>
    bool HasTables { get; }

    // --- Lifetime

    /// <summary>Prepares for a vCPU. Host-driven; may allocate.</summary>
    void AddVcpu(Vcpu vcpu);

    /// <summary>Lets go of everything a vCPU held. It is not in guest.</summary>
    void RemoveVcpu(Vcpu vcpu);

    /// <summary>Makes the engine's data of a slot that is about to be added; false if there is no memory for it. Lock held.</summary>
    bool TryAddSlot(SlotRecord slot);

    /// <summary>Forgets the data of a slot that nothing maps any more. Lock held.</summary>
    void SlotRemoved(SlotRecord slot);

    /// <summary>
    /// Makes every table obsolete at once, however many there are: from the next entry on every vCPU builds new ones. Takes the lock.
    /// </summary>
    void ZapAll();

    /// <summary>Takes apart some tables that <see cref="ZapAll"/> left; true if there are more. Takes the lock for a short while.</summary>
    bool ZapObsolete();

    // --- Roots; on the vCPU's thread, not in guest. The current root is that of the vCPU's control state: CR3, role and, under PAE paging, the
    //     PDPTE registers. One that was current under another control state is a previous one, even before the next is loaded.

    /// <summary>
    /// Switches to the root of the vCPU's control state if it is one of those it used last; false if one has to be loaded. Takes no lock.
    /// </summary>
    bool TrySwitchRoot(Vcpu vcpu);

    /// <summary>Makes sure that <see cref="Vcpu.RootAddress"/> is the root of the vCPU's control state; builds it if need be.</summary>
    RootStatus LoadRoot(Vcpu vcpu);

    /// <summary>Brings the tables below the current root in step with the guest's.</summary>
    void SyncRoot(Vcpu vcpu);

    /// <summary>Lets go of roots.</summary>
    void FreeRoots(Vcpu vcpu, RootSelection selection);

    /// <summary>Lets go of the roots that are not current and carry a PCID.</summary>
    void FreePreviousRoots(Vcpu vcpu, ulong pcid);

    /// <summary>Lets go of roots for guests of the guest, or makes sure that they are brought in step before they are used again.</summary>
    void DropNestedRoots(Vcpu vcpu, NestedRoots roots);

    // --- Faults; on the vCPU's thread, not in guest

    /// <summary>Handles a fault.</summary>
    FaultOutcome HandleFault(Vcpu vcpu, in FaultRequest request, ref FaultResult result);

    /// <summary>Handles a fault of the second dimension.</summary>
    FaultOutcome HandleViolation(Vcpu vcpu, in ViolationRequest request, ref FaultResult result);

    /// <summary>
    /// Maps the page of a guest physical address before it is accessed: <see cref="FaultOutcome.Fixed"/> or <see cref="FaultOutcome.Spurious"/>, and
    /// at which level; or why not.
    /// </summary>
    FaultOutcome Prefault(Vcpu vcpu, Gpa gpa, out int level);

    // --- Guest-driven

    /// <summary>
    /// The guest invalidated an address: brings the entry for it in step in the current root and, as they may hold global pages, in the
    /// previous ones.
    /// </summary>
    void InvalidatePage(Vcpu vcpu, Gva address);

    /// <summary>As <see cref="InvalidatePage(Vcpu, Gva)"/>, for the roots that carry a PCID.</summary>
    void InvalidatePage(Vcpu vcpu, Gva address, ulong pcid);

    /// <summary>Guest memory was written by anyone but the guest's own processor, inside one frame: called after the store.</summary>
    void GuestWrote(int addressSpace, Gpa gpa, int bytes);

    /// <summary>Stops shadowing a frame so that the guest may write it; false if nothing stood in the way.</summary>
    bool Unprotect(int addressSpace, Gfn gfn);

    /// <summary>Asked before a frame becomes writable in tables of another engine.</summary>
    WritableAnswer AllowWritable(SlotRecord slot, Gfn gfn);

    // --- Host-driven; by range of a slot. Lock held exclusively, or as WorksShared says.

    /// <summary>Removes every mapping of the frames [start, end); true if TLBs must be flushed.</summary>
    bool UnmapRange(SlotRecord slot, ulong start, ulong end);

    /// <summary>Removes mappings of frames and what is shadowed of guest tables in them. Flushes itself, once: tables are freed after that.</summary>
    void ZapRanges(ReadOnlySpan<SlotRange> ranges);

    /// <summary>Write-protects mappings, of at least the given level, for dirty logging; true if TLBs must be flushed.</summary>
    bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel);

    /// <summary>Write-protects the frames start + n for each bit n of <paramref name="mask"/>.</summary>
    bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask);

    /// <summary>Takes all write access from one frame because it is to be tracked.</summary>
    bool WriteProtectFrame(SlotRecord slot, ulong gfn);

    /// <summary>
    /// Clears dirty bits where a processor that sets one notes the page (<see cref="VmCore.LogsByDirtyBits"/>); write-protects for dirty logging where it
    /// does not. True if TLBs must be flushed.
    /// </summary>
    bool ClearDirty(SlotRecord slot, ulong start, ulong end);

    /// <summary>As <see cref="ClearDirty"/>, for the frames start + n for each bit n of <paramref name="mask"/>.</summary>
    bool ClearDirtyMasked(SlotRecord slot, ulong start, ulong mask);

    /// <summary>Clears accessed bits; true if one was set.</summary>
    bool Age(SlotRecord slot, ulong start, ulong end);

    /// <summary>True if an accessed bit is set.</summary>
    bool TestAge(SlotRecord slot, ulong start, ulong end);

    /// <summary>Splits huge mappings down to a level. Takes and drops the lock itself; false if memory ran out half-way.</summary>
    bool SplitHugePages(SlotRecord slot, ulong start, ulong end, int targetLevel);

    /// <summary>Removes small mappings that could be huge ones; true if TLBs must be flushed.</summary>
    bool ZapCollapsible(SlotRecord slot, ulong start, ulong end);

    // --- Walk and insight

    /// <summary>The SPTEs that a processor meets for an address, root first. Takes no lock; any thread that has a reader number.</summary>
    /// <returns>How many were written to <paramref name="sptes"/>, at most 5.</returns>
    int GetWalk(Vcpu vcpu, Gva address, Span<ulong> sptes);

    /// <summary>Takes apart up to so many tables, oldest first; how many. Takes the lock.</summary>
    int Shrink(int pages);

    /// <summary>Adds the engine's figures. Lock held.</summary>
    void AddStatistics(ref MmuStatistics statistics);

    /// <summary>Checks the engine's invariants over all its tables; null if they hold, else what is broken. Lock held.</summary>
    string? Audit();
}
