// Walk: LAM48 under 5-level paging, which concerns canonical addresses too.
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>
/// Walks for LAM48 under 5-level paging. Elsewhere only an address that is not canonical can need masking, so walkers mask nothing
/// else; here masking also drops bits 56:48 of canonical addresses, and demands that bit 47 equal bit 63.
/// Intel SDM "Linear-Address Masking".
/// </summary>
internal static unsafe class MaskFirst
{
    private const ulong Bit47 = 1UL << 47;

    internal static ulong Walk(WalkContext context, ref SlotView view, ulong gva, uint access, ref WalkResult result) =>
        TryMask(context, ref gva, access, ref result) ? context.Code.Walk(context, ref view, gva, access, ref result) : WalkLimits.NoAddress;

    internal static ulong Peek(WalkContext context, ref SlotView view, ulong gva, uint access, ref WalkResult result) =>
        TryMask(context, ref gva, access, ref result) ? context.Code.Peek(context, ref view, gva, access, ref result) : WalkLimits.NoAddress;

    internal static ulong WalkNested(WalkContext context, ref SlotView view, ulong gva, uint access, ref WalkResult result) =>
        TryMask(context, ref gva, access, ref result) ? context.Code.WalkNested(context, ref view, gva, access, ref result) : WalkLimits.NoAddress;

    internal static ulong PeekNested(WalkContext context, ref SlotView view, ulong gva, uint access, ref WalkResult result) =>
        TryMask(context, ref gva, access, ref result) ? context.Code.PeekNested(context, ref view, gva, access, ref result) : WalkLimits.NoAddress;

    internal static ulong Trace(WalkContext context, ref TraceReader reader, ulong gva, uint access, ref WalkResult result) =>
        TryMask(context, ref gva, access, ref result) ? context.Code.Trace(context, ref reader, gva, access, ref result) : WalkLimits.NoAddress;

    private static bool TryMask(WalkContext context, ref ulong gva, uint access, ref WalkResult result)
    {
        if ((long)gva < 0 || !LinearAddressMask.Concerns(access))
        {
            return true;
        }

        ulong untagged = context.Masking.Untag(gva, access);
        if ((untagged & Bit47) != 0)
        {
            _ = WalkFaults.RaiseBeforeTables(context, FaultCause.NonCanonical, 0, gva, access, ref result);
            return false;
        }

        gva = untagged;
        return true;
    }
}
