// Shadow: the code for one form of guest tables and one format of SPTEs.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>The code for one form of guest tables and one format of SPTEs.</summary>
internal sealed class ShadowCode<TGuest, TSpte> : ShadowCode
    where TGuest : struct, IGuestTables
    where TSpte : struct, ISpteFormat
{
    /// <inheritdoc/>
    internal override FaultOutcome Map(ShadowState state, ShadowVcpu vcpu, in FaultRequest request, in FrameSource source, ref FaultResult result, ref ZapList list) =>
        new FaultMapper<TGuest, TSpte>(state, vcpu, request, source).Map(ref result, ref list);

    /// <inheritdoc/>
    internal override bool SyncPage(ShadowState state, ShadowVcpu vcpu, PageHandle page, ref ZapList list) =>
        PageSync<TGuest, TSpte>.SyncPage(state, vcpu, page, ref list);

    /// <inheritdoc/>
    internal override bool SyncEntry(ShadowState state, ShadowVcpu vcpu, PageHandle page, int index, ref ZapList list) =>
        PageSync<TGuest, TSpte>.SyncEntry(state, vcpu, page, index, ref list);

    /// <inheritdoc/>
    internal override bool TryReadMmio(ShadowState state, ulong spte, out ulong gfn, out uint generation, out Rights rights)
    {
        bool isMmio = TSpte.IsMmio(state.Vm.SpteHost, spte);
        gfn = isMmio ? TSpte.MmioGfn(state.Vm.SpteHost, spte) : 0;
        generation = isMmio ? TSpte.MmioGeneration(spte) : 0;
        rights = isMmio ? TSpte.MmioRights(spte) : Rights.None;
        return isMmio;
    }
}
