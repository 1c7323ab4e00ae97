// Tdp: the code of the TDP MMU for one format of entries.
using System;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Tdp;

/// <summary>All that depends on the format of entries; a VM has one format for life, so that each operation costs one indirect call.</summary>
internal abstract class TdpCode
{
    /// <summary>The code for a format.</summary>
    internal static TdpCode Create(TdpState state) => state.Options.Format switch
    {
        TdpFormat.Ept => new TdpCode<Sptes.EptSpte>(state),
        TdpFormat.EptNoAccessedDirty => new TdpCode<Sptes.EptNoAdSpte>(state),
        _ => new TdpCode<Sptes.NptSpte>(state),
    };

    // --- Faults; on the vCPU's thread, without the lock

    /// <inheritdoc cref="TdpFault{TSpte}.Handle"/>
    internal abstract FaultOutcome Handle(TdpVcpu vcpu, in ViolationRequest request, ref FaultResult result);

    /// <inheritdoc cref="TdpFault{TSpte}.Prefault"/>
    internal abstract FaultOutcome Prefault(TdpVcpu vcpu, ulong gpa, out int level);

    // --- Host-driven, with the lock held exclusively

    /// <inheritdoc cref="TdpRanges{TSpte}.Unmap"/>
    internal abstract bool Unmap(SlotRecord slot, ulong start, ulong end);

    /// <inheritdoc cref="TdpRanges{TSpte}.Zap"/>
    internal abstract void Zap(ReadOnlySpan<SlotRange> ranges);

    /// <inheritdoc cref="TdpRanges{TSpte}.WriteProtectFrame"/>
    internal abstract bool WriteProtectFrame(SlotRecord slot, ulong gfn);

    // --- Host-driven, with the lock held, shared at least

    /// <inheritdoc cref="TdpWriteTracking{TSpte}.WriteProtect"/>
    internal abstract bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel);

    /// <inheritdoc cref="TdpWriteTracking{TSpte}.WriteProtectMasked"/>
    internal abstract bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask);

    /// <inheritdoc cref="TdpWriteTracking{TSpte}.ClearDirty"/>
    internal abstract bool ClearDirty(SlotRecord slot, ulong start, ulong end);

    /// <inheritdoc cref="TdpWriteTracking{TSpte}.ClearDirtyMasked"/>
    internal abstract bool ClearDirtyMasked(SlotRecord slot, ulong start, ulong mask);

    /// <inheritdoc cref="TdpRanges{TSpte}.Age"/>
    internal abstract bool Age(SlotRecord slot, ulong start, ulong end);

    /// <inheritdoc cref="TdpRanges{TSpte}.TestAge"/>
    internal abstract bool TestAge(SlotRecord slot, ulong start, ulong end);

    /// <inheritdoc cref="HugePageRecovery{TSpte}.Recover"/>
    internal abstract bool Recover(SlotRecord slot, ulong start, ulong end);

    // --- Host-driven, without the lock

    /// <inheritdoc cref="HugePageSplitter{TSpte}.Split"/>
    internal abstract bool Split(SlotRecord slot, ulong start, ulong end, int targetLevel);

    /// <inheritdoc cref="RootZapper{TSpte}.ZapSome"/>
    internal abstract bool ZapInvalidRoots();

    /// <inheritdoc cref="RootZapper{TSpte}.Shrink"/>
    internal abstract int Shrink(int pages);

    /// <inheritdoc cref="TdpAudit{TSpte}.Run"/>
    internal abstract string? Audit(TdpVcpu?[] vcpus);
}
