// Common: the engines of a VM, side by side.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Guest;

namespace Mmu.Common;

/// <summary>
/// Both engines of a VM. What the host changes goes to both; what a vCPU asks goes to the engine of its root. The only generic type here,
/// closed in <c>Vm</c>, so that every call is direct.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal partial struct EngineSet<TShadow, TTdp>
    where TShadow : struct, IMmuEngine
    where TTdp : struct, IMmuEngine
{
    private TShadow _shadow;
    private TTdp _tdp;

    internal EngineSet(TShadow shadow, TTdp tdp)
    {
        _shadow = shadow;
        _tdp = tdp;
    }

    /// <summary>True if the Shadow MMU is built in.</summary>
    internal static bool HasShadow => typeof(TShadow) != typeof(NullEngine);

    /// <summary>True if the TDP MMU is built in.</summary>
    internal static bool HasTdp => typeof(TTdp) != typeof(NullEngine);

    /// <summary>The Shadow MMU, for tests.</summary>
    internal readonly TShadow Shadow => _shadow;

    /// <summary>The TDP MMU, for tests.</summary>
    internal readonly TTdp Tdp => _tdp;

    /// <summary>True if an engine that has tables works on ranges with the lock held shared.</summary>
    internal readonly bool NeedsShared => (TShadow.WorksShared && _shadow.HasTables) || (TTdp.WorksShared && _tdp.HasTables);

    /// <summary>True if an engine that has tables works on ranges with the lock held exclusively.</summary>
    internal readonly bool NeedsExclusive => (!TShadow.WorksShared && _shadow.HasTables) || (!TTdp.WorksShared && _tdp.HasTables);

    internal void Dispose()
    {
        _shadow.Dispose();
        _tdp.Dispose();
    }

    // --- Lifetime

    internal void AddVcpu(Vcpu vcpu)
    {
        _shadow.AddVcpu(vcpu);
        _tdp.AddVcpu(vcpu);
    }

    internal void RemoveVcpu(Vcpu vcpu)
    {
        _shadow.RemoveVcpu(vcpu);
        _tdp.RemoveVcpu(vcpu);
    }

    internal bool TryAddSlot(SlotRecord slot)
    {
        if (!_shadow.TryAddSlot(slot))
        {
            return false;
        }

        if (!_tdp.TryAddSlot(slot))
        {
            _shadow.SlotRemoved(slot);
            return false;
        }

        return true;
    }

    internal void SlotRemoved(SlotRecord slot)
    {
        _shadow.SlotRemoved(slot);
        _tdp.SlotRemoved(slot);
    }

    internal void ZapAll()
    {
        _shadow.ZapAll();
        _tdp.ZapAll();
    }

    internal bool ZapObsolete() => _shadow.ZapObsolete() | _tdp.ZapObsolete();

    // --- Of a vCPU: the engine of its root

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TrySwitchRoot(Vcpu vcpu) => OnTdp(vcpu) ? _tdp.TrySwitchRoot(vcpu) : _shadow.TrySwitchRoot(vcpu);

    internal RootStatus LoadRoot(Vcpu vcpu) => OnTdp(vcpu) ? _tdp.LoadRoot(vcpu) : _shadow.LoadRoot(vcpu);

    internal void SyncRoot(Vcpu vcpu)
    {
        if (OnTdp(vcpu))
        {
            _tdp.SyncRoot(vcpu);
        }
        else
        {
            _shadow.SyncRoot(vcpu);
        }
    }

    internal void FreeRoots(Vcpu vcpu, RootSelection selection)
    {
        _shadow.FreeRoots(vcpu, selection);
        _tdp.FreeRoots(vcpu, selection);
    }

    internal void DropNestedRoots(Vcpu vcpu, NestedRoots roots) => _shadow.DropNestedRoots(vcpu, roots);

    internal void FreePreviousRoots(Vcpu vcpu, ulong pcid)
    {
        // PCIDs of a guest behind nested tables are its own affair, and the processor's.
        if (vcpu.RunsNested)
        {
            return;
        }

        _shadow.FreePreviousRoots(vcpu, pcid);
        _tdp.FreePreviousRoots(vcpu, pcid);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal FaultOutcome HandleFault(Vcpu vcpu, in FaultRequest request, ref FaultResult result) =>
        OnTdp(vcpu) ? _tdp.HandleFault(vcpu, request, ref result) : _shadow.HandleFault(vcpu, request, ref result);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal FaultOutcome HandleViolation(Vcpu vcpu, in ViolationRequest request, ref FaultResult result) =>
        OnTdp(vcpu) ? _tdp.HandleViolation(vcpu, request, ref result) : _shadow.HandleViolation(vcpu, request, ref result);

    internal FaultOutcome Prefault(Vcpu vcpu, Gpa gpa, out int level) =>
        OnTdp(vcpu) ? _tdp.Prefault(vcpu, gpa, out level) : _shadow.Prefault(vcpu, gpa, out level);

    internal int GetWalk(Vcpu vcpu, Gva address, Span<ulong> sptes) =>
        OnTdp(vcpu) ? _tdp.GetWalk(vcpu, address, sptes) : _shadow.GetWalk(vcpu, address, sptes);

    // --- Guest-driven: whoever shadows

    internal void InvalidatePage(Vcpu vcpu, Gva address)
    {
        if (vcpu.RunsNested)
        {
            return;
        }

        _shadow.InvalidatePage(vcpu, address);
        _tdp.InvalidatePage(vcpu, address);
    }

    internal void InvalidatePage(Vcpu vcpu, Gva address, ulong pcid)
    {
        // Without PCIDs the low bits of CR3 are no PCID: every root is of the one there is.
        if (!vcpu.Walker.HasPcids || vcpu.RunsNested)
        {
            InvalidatePage(vcpu, address);
            return;
        }

        _shadow.InvalidatePage(vcpu, address, pcid);
        _tdp.InvalidatePage(vcpu, address, pcid);
    }

    internal void GuestWrote(int addressSpace, Gpa gpa, int bytes)
    {
        _shadow.GuestWrote(addressSpace, gpa, bytes);
        _tdp.GuestWrote(addressSpace, gpa, bytes);
    }

    internal bool Unprotect(int addressSpace, Gfn gfn) => _shadow.Unprotect(addressSpace, gfn) | _tdp.Unprotect(addressSpace, gfn);

    // --- Host-driven: both

    internal bool UnmapRange(SlotRecord slot, ulong start, ulong end) =>
        _shadow.UnmapRange(slot, start, end) | _tdp.UnmapRange(slot, start, end);

    internal void ZapRanges(ReadOnlySpan<SlotRange> ranges)
    {
        _shadow.ZapRanges(ranges);
        _tdp.ZapRanges(ranges);
    }

    internal bool WriteProtectFrame(SlotRecord slot, ulong gfn) =>
        _shadow.WriteProtectFrame(slot, gfn) | _tdp.WriteProtectFrame(slot, gfn);

    internal bool SplitHugePages(SlotRecord slot, ulong start, ulong end, int targetLevel) =>
        (!_shadow.HasTables || _shadow.SplitHugePages(slot, start, end, targetLevel))
        & (!_tdp.HasTables || _tdp.SplitHugePages(slot, start, end, targetLevel));

    // --- Host-driven: the engines that work with the lock as it is held, shared or exclusively

    internal bool WriteProtect(bool shared, SlotRecord slot, ulong start, ulong end, int minimumLevel) =>
        (TShadow.WorksShared == shared && _shadow.WriteProtect(slot, start, end, minimumLevel))
        | (TTdp.WorksShared == shared && _tdp.WriteProtect(slot, start, end, minimumLevel));

    internal bool WriteProtectMasked(bool shared, SlotRecord slot, ulong start, ulong mask) =>
        (TShadow.WorksShared == shared && _shadow.WriteProtectMasked(slot, start, mask))
        | (TTdp.WorksShared == shared && _tdp.WriteProtectMasked(slot, start, mask));

    internal bool ClearDirty(bool shared, SlotRecord slot, ulong start, ulong end) =>
        (TShadow.WorksShared == shared && _shadow.ClearDirty(slot, start, end))
        | (TTdp.WorksShared == shared && _tdp.ClearDirty(slot, start, end));

    internal bool ClearDirtyMasked(bool shared, SlotRecord slot, ulong start, ulong mask) =>
        (TShadow.WorksShared == shared && _shadow.ClearDirtyMasked(slot, start, mask))
        | (TTdp.WorksShared == shared && _tdp.ClearDirtyMasked(slot, start, mask));

    internal bool Age(bool shared, SlotRecord slot, ulong start, ulong end) =>
        (TShadow.WorksShared == shared && _shadow.Age(slot, start, end)) | (TTdp.WorksShared == shared && _tdp.Age(slot, start, end));

    internal bool TestAge(bool shared, SlotRecord slot, ulong start, ulong end) =>
        (TShadow.WorksShared == shared && _shadow.TestAge(slot, start, end)) || (TTdp.WorksShared == shared && _tdp.TestAge(slot, start, end));

    // What maps frames that faults may exchange beside it is collapsed while none can.
    internal bool ZapCollapsible(bool shared, SlotRecord slot, ulong start, ulong end) =>
        ((TShadow.WorksShared && !slot.IsResolved) == shared && _shadow.ZapCollapsible(slot, start, end))
        | ((TTdp.WorksShared && !slot.IsResolved) == shared && _tdp.ZapCollapsible(slot, start, end));

    // --- Reclaim and insight

    internal int Shrink(int pages)
    {
        int done = _shadow.Shrink(pages);
        return done < pages ? done + _tdp.Shrink(pages - done) : done;
    }

    internal void AddStatistics(ref MmuStatistics statistics)
    {
        _shadow.AddStatistics(ref statistics);
        _tdp.AddStatistics(ref statistics);
    }

    internal string? Audit() => _shadow.Audit() ?? _tdp.Audit();

    // A build with one engine has no choice, and no branch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool OnTdp(Vcpu vcpu) =>
        typeof(TTdp) != typeof(NullEngine) && (typeof(TShadow) == typeof(NullEngine) || vcpu.RunsOnTdp);
}
