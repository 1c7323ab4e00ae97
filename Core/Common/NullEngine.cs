// Common: the engine of a build without one.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Guest;

namespace Mmu.Common;

/// <summary>
/// An engine that maps nothing and so has nothing to do: it stands where an engine was left out of the build, and proves that the interface is
/// whole without any engine's own types.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct NullEngine : IMmuEngine
{
    /// <inheritdoc/>
    public static bool WorksShared => false;

    /// <inheritdoc/>
    public bool HasTables => false;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <inheritdoc/>
    public void AddVcpu(Vcpu vcpu)
    {
    }

    /// <inheritdoc/>
    public void RemoveVcpu(Vcpu vcpu)
    {
    }

    /// <inheritdoc/>
    public bool TryAddSlot(SlotRecord slot) => true;

    /// <inheritdoc/>
    public void SlotRemoved(SlotRecord slot)
    {
    }

    /// <inheritdoc/>
    public void ZapAll()
    {
    }

    /// <inheritdoc/>
    public bool ZapObsolete() => false;

    /// <inheritdoc/>
    public bool TrySwitchRoot(Vcpu vcpu) => true;

    /// <inheritdoc/>
    public RootStatus LoadRoot(Vcpu vcpu) => RootStatus.Loaded;

    /// <inheritdoc/>
    public void SyncRoot(Vcpu vcpu)
    {
    }

    /// <inheritdoc/>
    public void FreeRoots(Vcpu vcpu, RootSelection selection)
    {
    }

    /// <inheritdoc/>
    public void FreePreviousRoots(Vcpu vcpu, ulong pcid)
    {
    }

    /// <inheritdoc/>
    public void DropNestedRoots(Vcpu vcpu, NestedRoots roots)
    {
    }

    /// <inheritdoc/>
    public FaultOutcome HandleFault(Vcpu vcpu, in FaultRequest request, ref FaultResult result) => FaultOutcome.Emulate;

    /// <inheritdoc/>
    public FaultOutcome HandleViolation(Vcpu vcpu, in ViolationRequest request, ref FaultResult result) => FaultOutcome.Emulate;

    /// <inheritdoc/>
    public FaultOutcome Prefault(Vcpu vcpu, Gpa gpa, out int level)
    {
        level = 0;
        return FaultOutcome.Emulate;
    }

    /// <inheritdoc/>
    public void InvalidatePage(Vcpu vcpu, Gva address)
    {
    }

    /// <inheritdoc/>
    public void InvalidatePage(Vcpu vcpu, Gva address, ulong pcid)
    {
    }

    /// <inheritdoc/>
    public void GuestWrote(int addressSpace, Gpa gpa, int bytes)
    {
    }

    /// <inheritdoc/>
    public bool Unprotect(int addressSpace, Gfn gfn) => false;

    /// <inheritdoc/>
    public WritableAnswer AllowWritable(SlotRecord slot, Gfn gfn) => WritableAnswer.Yes;

    /// <inheritdoc/>
    public bool UnmapRange(SlotRecord slot, ulong start, ulong end) => false;

    /// <inheritdoc/>
    public void ZapRanges(ReadOnlySpan<SlotRange> ranges)
    {
    }

    /// <inheritdoc/>
    public bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel) => false;

    /// <inheritdoc/>
    public bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask) => false;

    /// <inheritdoc/>
    public bool WriteProtectFrame(SlotRecord slot, ulong gfn) => false;

    /// <inheritdoc/>
    public bool ClearDirty(SlotRecord slot, ulong start, ulong end) => false;

    /// <inheritdoc/>
    public bool ClearDirtyMasked(SlotRecord slot, ulong start, ulong mask) => false;

    /// <inheritdoc/>
    public bool Age(SlotRecord slot, ulong start, ulong end) => false;

    /// <inheritdoc/>
    public bool TestAge(SlotRecord slot, ulong start, ulong end) => false;

    /// <inheritdoc/>
    public bool SplitHugePages(SlotRecord slot, ulong start, ulong end, int targetLevel) => true;

    /// <inheritdoc/>
    public bool ZapCollapsible(SlotRecord slot, ulong start, ulong end) => false;

    /// <inheritdoc/>
    public int GetWalk(Vcpu vcpu, Gva address, Span<ulong> sptes) => 0;

    /// <inheritdoc/>
    public int Shrink(int pages) => 0;

    /// <inheritdoc/>
    public void AddStatistics(ref MmuStatistics statistics)
    {
    }

    /// <inheritdoc/>
    public string? Audit() => null;
}
