// Tdp: the code of the TDP MMU closed over a format.
using System;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary><see cref="TdpCode"/> for one format.</summary>
internal sealed class TdpCode<TSpte> : TdpCode
    where TSpte : struct, ISpteFormat
{
    private readonly TdpState _state;
    private readonly TdpFault<TSpte> _fault;

    internal TdpCode(TdpState state)
    {
        _state = state;
        _fault = new TdpFault<TSpte>(state);
    }

    /// <inheritdoc/>
    internal override FaultOutcome Handle(TdpVcpu vcpu, in ViolationRequest request, ref FaultResult result) => _fault.Handle(vcpu, request, ref result);

    /// <inheritdoc/>
    internal override FaultOutcome Prefault(TdpVcpu vcpu, ulong gpa, out int level) => _fault.Prefault(vcpu, gpa, out level);

    /// <inheritdoc/>
    internal override bool Unmap(SlotRecord slot, ulong start, ulong end) => TdpRanges<TSpte>.Unmap(_state, slot, start, end);

    /// <inheritdoc/>
    internal override void Zap(ReadOnlySpan<SlotRange> ranges) => TdpRanges<TSpte>.Zap(_state, ranges);

    /// <inheritdoc/>
    internal override bool WriteProtectFrame(SlotRecord slot, ulong gfn) => TdpRanges<TSpte>.WriteProtectFrame(_state, slot, gfn);

    /// <inheritdoc/>
    internal override bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel) =>
        TdpWriteTracking<TSpte>.WriteProtect(_state, slot, start, end, minimumLevel);

    /// <inheritdoc/>
    internal override bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask) => TdpWriteTracking<TSpte>.WriteProtectMasked(_state, slot, start, mask);

    /// <inheritdoc/>
    internal override bool ClearDirty(SlotRecord slot, ulong start, ulong end) => TdpWriteTracking<TSpte>.ClearDirty(_state, slot, start, end);

    /// <inheritdoc/>
    internal override bool ClearDirtyMasked(SlotRecord slot, ulong start, ulong mask) => TdpWriteTracking<TSpte>.ClearDirtyMasked(_state, slot, start, mask);

    /// <inheritdoc/>
    internal override bool Age(SlotRecord slot, ulong start, ulong end) => TdpRanges<TSpte>.Age(_state, slot, start, end);

    /// <inheritdoc/>
    internal override bool TestAge(SlotRecord slot, ulong start, ulong end) => TdpRanges<TSpte>.TestAge(_state, slot, start, end);

    /// <inheritdoc/>
    internal override bool Recover(SlotRecord slot, ulong start, ulong end) => HugePageRecovery<TSpte>.Recover(_state, slot, start, end);

    /// <inheritdoc/>
    internal override bool Split(SlotRecord slot, ulong start, ulong end, int targetLevel) => HugePageSplitter<TSpte>.Split(_state, slot, start, end, targetLevel);

    /// <inheritdoc/>
    internal override bool ZapInvalidRoots() => RootZapper<TSpte>.ZapSome(_state);

    /// <inheritdoc/>
    internal override int Shrink(int pages) => RootZapper<TSpte>.Shrink(_state, pages);

    /// <inheritdoc/>
    internal override string? Audit(TdpVcpu?[] vcpus) => new TdpAudit<TSpte>(_state, vcpus).Run();
}
