// Tdp: faults that need no lock.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Gives back, without the lock, what was taken from a leaf only to notice the next access: W, or rights saved away. That the guest's frame is
/// still there needs no look: who takes it away changes the entry, and the exchange is lost.
/// </summary>
/// <remarks>Inside an epoch: the pages that are met are not used for anything else meanwhile.</remarks>
internal static class FastFault<TSpte>
    where TSpte : struct, ISpteFormat
{
    private const int Tries = 4;

    /// <summary>Answers a fault, or leaves it to who takes the lock: <see cref="FaultOutcome.None"/>.</summary>
    internal static FaultOutcome Handle(TdpState state, TdpVcpu vcpu, ulong gpa, AccessKind kind)
    {
        if (vcpu.Root.IsNone)
        {
            return FaultOutcome.None;
        }

        EpochDomain epochs = state.Vm.Epochs;
        _ = epochs.Enter(vcpu.Vcpu.Id);
        FaultOutcome outcome = Restore(state, vcpu, gpa, kind);
        epochs.Exit(vcpu.Vcpu.Id);
        return outcome;
    }

    private static FaultOutcome Restore(TdpState state, TdpVcpu vcpu, ulong gpa, AccessKind kind)
    {
        for (int i = 0; i < Tries; i++)
        {
            ulong old = TdpWalk.FindLast(state.Pages, vcpu.Root, gpa, out PageHandle page, out int level);
            if (!Spte.IsPresent(old) || !Spte.IsLeaf(old, level))
            {
                return FaultOutcome.None;
            }

            if (LeafMaker<TSpte>.Allows(old, level, kind))
            {
                if (state.Vm.Trace is { } listening)
                {
                    Trace(listening, state, vcpu, gpa, kind, page, level, old, old, isFixed: false);
                }

                return FaultOutcome.Spurious;
            }

#if MMU_FAULT_140
            bool gainsWrite = kind == AccessKind.Write && TSpte.IsHostWritable(old);
#else
            bool gainsWrite = kind == AccessKind.Write && TSpte.IsMmuWritable(old);
#endif
            DirtyLog? log = gainsWrite ? LogOf(state, vcpu, gpa >> 12) : null;
#if !MMU_FAULT_150
            if (log is not null && level > 1)
            {
                // A logged page is as small as its mark: who has the lock splits it.
                return FaultOutcome.None;
            }

#endif
            ulong value = gainsWrite ? TSpte.RestoreWrite(old) : TSpte.RestoreAccess(old);
            if (!LeafMaker<TSpte>.Allows(value, level, kind))
            {
                return FaultOutcome.None;
            }

            SchedulePoint.At(SchedulePointKind.TdpFaultRead);
            if (SpteDoor.TrySet<TSpte>(state.Pages.Tables[page], PageLevel.IndexOf(gpa, level), old, value, out _))
            {
                // After the entry: who takes the mark looks at the entry later.
#if !MMU_FAULT_166
                log?.Mark(gpa >> 12, vcpu.Vcpu.DirtyRing);
#endif
                if (state.Vm.Trace is { } trace)
                {
                    Trace(trace, state, vcpu, gpa, kind, page, level, old, value, isFixed: true);
                }

                return FaultOutcome.Fixed;
            }
        }

        return FaultOutcome.None;
    }

    private static void Trace(
        TraceRing trace, TdpState state, TdpVcpu vcpu, ulong gpa, AccessKind kind, PageHandle page, int level, ulong old, ulong value, bool isFixed) =>
        trace.Write(
            TracePoint.FastPageFault, gpa, (ulong)(kind switch
            {
                AccessKind.Write => PageFaultCode.Write,
                AccessKind.Fetch => PageFaultCode.Fetch,
                _ => PageFaultCode.None,
            }),
            state.Vm.Tables.AddressOf(page, PageLevel.IndexOf(gpa, level)), old, value, isFixed ? 1UL : 0, vcpu.Vcpu.Id);

    // Without the lock: whoever starts a log waits for this call before it takes W away.
    private static DirtyLog? LogOf(TdpState state, TdpVcpu vcpu, ulong gfn)
    {
        SlotRecords slots = state.Vm.Slots[vcpu.Vcpu.AddressSpace];
        return slots.Logged == 0 ? null : slots.FindLockless(gfn)?.DirtyLog;
    }
}
