// Shadow: the Shadow MMU behind the engine interface.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Shadow;

/// <summary>The Shadow MMU as an engine: one field, so that the calls are direct.</summary>
internal readonly struct ShadowEngine : IMmuEngine, IDisposable
{
    private readonly ShadowMmu _mmu;

    internal ShadowEngine(VmCore vm) => _mmu = new ShadowMmu(vm);

    /// <summary>The engine itself, for tests.</summary>
    internal ShadowMmu Mmu => _mmu;

    /// <summary>The first guest frame that no slot may reach.</summary>
    internal static ulong GfnLimit => ShadowPages.GfnLimit;

    /// <inheritdoc/>
    public static bool WorksShared => false;

    /// <inheritdoc/>
    public bool HasTables => _mmu.State.Pages.Used != 0;

    // Without rmaps nothing is mapped, and no slot has what the methods below look at.
    private bool HasRmaps => _mmu.State.Rmaps.IsInUse;

    /// <inheritdoc/>
    public void AddVcpu(Vcpu vcpu) => _mmu.AddVcpu(vcpu);

    /// <inheritdoc/>
    public void RemoveVcpu(Vcpu vcpu) => _mmu.RemoveVcpu(vcpu);

    /// <inheritdoc/>
    public bool TryAddSlot(SlotRecord slot) => _mmu.TryAddSlot(slot);

    /// <inheritdoc/>
    public void SlotRemoved(SlotRecord slot) => _mmu.State.Rmaps.RemoveSlot(slot);

    /// <inheritdoc/>
    public void ZapAll() => _mmu.ZapAll();

    /// <inheritdoc/>
    public bool ZapObsolete() => _mmu.ZapObsolete();

    /// <inheritdoc/>
    public bool TrySwitchRoot(Vcpu vcpu) => _mmu.Roots.TrySwitch(_mmu.Of(vcpu));

    /// <inheritdoc/>
    public RootStatus LoadRoot(Vcpu vcpu) => _mmu.Roots.Load(_mmu.Of(vcpu));

    /// <inheritdoc/>
    public void SyncRoot(Vcpu vcpu) => _mmu.Roots.Sync(_mmu.Of(vcpu));

    /// <inheritdoc/>
    public void FreeRoots(Vcpu vcpu, RootSelection selection) => _mmu.Roots.Free(_mmu.Of(vcpu), selection);

    /// <inheritdoc/>
    public void FreePreviousRoots(Vcpu vcpu, ulong pcid) => _mmu.Roots.FreePrevious(_mmu.Of(vcpu), pcid);

    /// <inheritdoc/>
    public void DropNestedRoots(Vcpu vcpu, NestedRoots roots) => _mmu.Roots.DropNested(_mmu.Of(vcpu), roots);

    /// <inheritdoc/>
    public FaultOutcome HandleFault(Vcpu vcpu, in FaultRequest request, ref FaultResult result)
    {
        FaultOutcome outcome = _mmu.HandleFault(vcpu, request, ref result);
        _mmu.Of(vcpu).Faults.Count(outcome);
        return outcome;
    }

    /// <inheritdoc/>
    public FaultOutcome HandleViolation(Vcpu vcpu, in ViolationRequest request, ref FaultResult result)
    {
        FaultOutcome outcome = _mmu.HandleViolation(vcpu, request, ref result);
        _mmu.Of(vcpu).Faults.Count(outcome);
        return outcome;
    }

    /// <inheritdoc/>
    public FaultOutcome Prefault(Vcpu vcpu, Gpa gpa, out int level)
    {
        // What the guest will access is in its own tables, which are not ours to guess from.
        level = 0;
        return FaultOutcome.Emulate;
    }

    /// <inheritdoc/>
    public void InvalidatePage(Vcpu vcpu, Gva address) => _mmu.InvalidatePage(vcpu, address, pcid: null);

    /// <inheritdoc/>
    public void InvalidatePage(Vcpu vcpu, Gva address, ulong pcid) => _mmu.InvalidatePage(vcpu, address, pcid);

    /// <inheritdoc/>
    public void GuestWrote(int addressSpace, Gpa gpa, int bytes) => _mmu.Writes.Wrote(addressSpace, gpa.Value, bytes);

    /// <inheritdoc/>
    public bool Unprotect(int addressSpace, Gfn gfn) => _mmu.Writes.Unprotect(addressSpace, gfn.Value);

    /// <inheritdoc/>
    public WritableAnswer AllowWritable(SlotRecord slot, Gfn gfn) => _mmu.State.Guard.AllowWritableElsewhere(slot, gfn.Value);

    /// <inheritdoc/>
    public bool UnmapRange(SlotRecord slot, ulong start, ulong end) => HasRmaps && _mmu.Host.Unmap(slot, start, end);

    /// <inheritdoc/>
    public void ZapRanges(ReadOnlySpan<SlotRange> ranges)
    {
        if (HasRmaps)
        {
            _mmu.Host.Zap(ranges);
        }
    }

    /// <inheritdoc/>
    public bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel) =>
        HasRmaps && _mmu.Host.WriteProtect(slot, start, end, minimumLevel);

    /// <inheritdoc/>
    public bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask) => HasRmaps && _mmu.Host.WriteProtectMasked(slot, start, mask);

    /// <inheritdoc/>
    public bool WriteProtectFrame(SlotRecord slot, ulong gfn) => HasRmaps && _mmu.State.Guard.WriteProtect(slot, gfn);

    /// <inheritdoc/>
    public bool ClearDirty(SlotRecord slot, ulong start, ulong end) =>
#if MMU_FAULT_169
        end < start && HasRmaps && _mmu.Host.WriteProtect(slot, start, end, minimumLevel: 1);
#else
        HasRmaps && _mmu.Host.WriteProtect(slot, start, end, minimumLevel: 1);
#endif

    /// <inheritdoc/>
    public bool ClearDirtyMasked(SlotRecord slot, ulong start, ulong mask) =>
#if MMU_FAULT_169
        mask == 0 && HasRmaps && _mmu.Host.WriteProtectMasked(slot, start, mask);
#else
        HasRmaps && _mmu.Host.WriteProtectMasked(slot, start, mask);
#endif

    /// <inheritdoc/>
    public bool Age(SlotRecord slot, ulong start, ulong end) => HasRmaps && _mmu.Host.Age(slot, start, end);

    /// <inheritdoc/>
    public bool TestAge(SlotRecord slot, ulong start, ulong end) => HasRmaps && _mmu.Host.TestAge(slot, start, end);

    /// <inheritdoc/>
    public bool SplitHugePages(SlotRecord slot, ulong start, ulong end, int targetLevel) =>
        !HasRmaps || _mmu.Splitter.Split(slot, start, end, targetLevel);

    /// <inheritdoc/>
    public bool ZapCollapsible(SlotRecord slot, ulong start, ulong end) => HasRmaps && _mmu.Host.ZapCollapsible(slot, start, end);

    /// <inheritdoc/>
    public int GetWalk(Vcpu vcpu, Gva address, Span<ulong> sptes) => _mmu.Walker.Walk(_mmu.Of(vcpu), address.Value, sptes);

    /// <inheritdoc/>
    public int Shrink(int pages) => _mmu.Shrink(pages);

    /// <inheritdoc/>
    public void AddStatistics(ref MmuStatistics statistics) => _mmu.AddStatistics(ref statistics);

    /// <inheritdoc/>
    public string? Audit() => _mmu.Audit();

    /// <inheritdoc/>
    public void Dispose() => _mmu.Dispose();
}
