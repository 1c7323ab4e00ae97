// Tdp: the TDP MMU behind the engine interface.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Tdp;

/// <summary>The TDP MMU as an engine: one field, so that the calls are direct. Null in a VM without it.</summary>
internal readonly struct TdpEngine : IMmuEngine, IDisposable
{
    private readonly TdpMmu? _mmu;

    internal TdpEngine(VmCore vm, TdpOptions? options) => _mmu = options is null ? null : new TdpMmu(vm, options);

    /// <summary>The engine itself, for tests.</summary>
    internal TdpMmu Mmu => _mmu!;

    /// <inheritdoc/>
    public static bool WorksShared => true;

    /// <inheritdoc/>
    public bool HasTables => _mmu is not null && _mmu.State.Roots.HasAny;

    /// <inheritdoc/>
    public void AddVcpu(Vcpu vcpu) => _mmu?.AddVcpu(vcpu);

    /// <inheritdoc/>
    public void RemoveVcpu(Vcpu vcpu) => _mmu?.RemoveVcpu(vcpu);

    /// <inheritdoc/>
    public bool TryAddSlot(SlotRecord slot) => true;

    /// <inheritdoc/>
    public void SlotRemoved(SlotRecord slot)
    {
    }

    /// <inheritdoc/>
    public void ZapAll() => _mmu?.ZapAll();

    /// <inheritdoc/>
    public bool ZapObsolete() => _mmu is not null && _mmu.Code.ZapInvalidRoots();

    /// <inheritdoc/>
    public bool TrySwitchRoot(Vcpu vcpu) => _mmu!.State.Roots.TrySwitch(_mmu.Of(vcpu));

    /// <inheritdoc/>
    public RootStatus LoadRoot(Vcpu vcpu) => _mmu!.State.Roots.Load(_mmu.Of(vcpu));

    /// <inheritdoc/>
    public void SyncRoot(Vcpu vcpu)
    {
        // These tables follow from slots alone: nothing the guest writes makes them wrong.
    }

    /// <inheritdoc/>
    public void FreeRoots(Vcpu vcpu, RootSelection selection) => _mmu?.FreeRoots(vcpu, selection);

    /// <inheritdoc/>
    public void FreePreviousRoots(Vcpu vcpu, ulong pcid)
    {
    }

    /// <inheritdoc/>
    public void DropNestedRoots(Vcpu vcpu, NestedRoots roots)
    {
    }

    /// <inheritdoc/>
    public FaultOutcome HandleFault(Vcpu vcpu, in FaultRequest request, ref FaultResult result)
    {
        // An intercepted page fault: the guest's own tables say whether it is the guest's. If they do not, the processor's view of them was old.
        FaultOutcome outcome = vcpu.Walker.Translate(request.Address, request.Access, out result.Walk) || result.Walk.Outcome == Walk.WalkOutcome.Retry
            ? FaultOutcome.Retry
            : FaultOutcome.Inject;
        _mmu!.Of(vcpu).Faults.Count(outcome);
        return outcome;
    }

    /// <inheritdoc/>
    public FaultOutcome HandleViolation(Vcpu vcpu, in ViolationRequest request, ref FaultResult result)
    {
        TdpVcpu of = _mmu!.Of(vcpu);
        FaultOutcome outcome = _mmu.Code.Handle(of, request, ref result);
        of.Faults.Count(outcome);
        return outcome;
    }

    /// <inheritdoc/>
    public FaultOutcome Prefault(Vcpu vcpu, Gpa gpa, out int level) => _mmu!.Code.Prefault(_mmu.Of(vcpu), gpa.Value, out level);

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
    public bool UnmapRange(SlotRecord slot, ulong start, ulong end) => _mmu is not null && _mmu.Code.Unmap(slot, start, end);

    /// <inheritdoc/>
    public void ZapRanges(ReadOnlySpan<SlotRange> ranges) => _mmu?.Code.Zap(ranges);

    /// <inheritdoc/>
    public bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel) =>
        _mmu is not null && _mmu.Code.WriteProtect(slot, start, end, minimumLevel);

    /// <inheritdoc/>
    public bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask) => _mmu is not null && _mmu.Code.WriteProtectMasked(slot, start, mask);

    /// <inheritdoc/>
    public bool WriteProtectFrame(SlotRecord slot, ulong gfn) => _mmu is not null && _mmu.Code.WriteProtectFrame(slot, gfn);

    /// <inheritdoc/>
    public bool ClearDirty(SlotRecord slot, ulong start, ulong end) => _mmu is not null && _mmu.Code.ClearDirty(slot, start, end);

    /// <inheritdoc/>
    public bool ClearDirtyMasked(SlotRecord slot, ulong start, ulong mask) => _mmu is not null && _mmu.Code.ClearDirtyMasked(slot, start, mask);

    /// <inheritdoc/>
    public bool Age(SlotRecord slot, ulong start, ulong end) => _mmu is not null && _mmu.Code.Age(slot, start, end);

    /// <inheritdoc/>
    public bool TestAge(SlotRecord slot, ulong start, ulong end) => _mmu is not null && _mmu.Code.TestAge(slot, start, end);

    /// <inheritdoc/>
    public bool SplitHugePages(SlotRecord slot, ulong start, ulong end, int targetLevel) =>
        _mmu is null || _mmu.Code.Split(slot, start, end, targetLevel);

    /// <inheritdoc/>
    public bool ZapCollapsible(SlotRecord slot, ulong start, ulong end) => _mmu is not null && _mmu.Code.Recover(slot, start, end);

    /// <inheritdoc/>
    public int GetWalk(Vcpu vcpu, Gva address, Span<ulong> sptes)
    {
        TdpVcpu of = _mmu!.Of(vcpu);
        if (of.Root.IsNone)
        {
            return 0;
        }

        Memory.EpochDomain epochs = _mmu.State.Vm.Epochs;
        _ = epochs.Enter(vcpu.Id);
        int count = TdpWalk.Walk(_mmu.State.Pages, of.Root, address.Value, sptes);
        epochs.Exit(vcpu.Id);
        return count;
    }

    /// <inheritdoc/>
    public int Shrink(int pages) => _mmu is null ? 0 : _mmu.Code.Shrink(pages);

    /// <inheritdoc/>
    public void AddStatistics(ref MmuStatistics statistics) => _mmu?.AddStatistics(ref statistics);

    /// <inheritdoc/>
    public string? Audit() => _mmu?.Audit();

    /// <inheritdoc/>
    public void Dispose() => _mmu?.Dispose();
}
