// Tdp: faults that need no lock.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
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
                return FaultOutcome.Spurious;
            }

            bool gainsWrite = kind == AccessKind.Write && TSpte.IsMmuWritable(old);
            ulong value = gainsWrite ? TSpte.RestoreWrite(old) : TSpte.RestoreAccess(old);
            if (!LeafMaker<TSpte>.Allows(value, level, kind))
            {
                return FaultOutcome.None;
            }

            SchedulePoint.At(SchedulePointKind.TdpFaultRead);
            if (SpteDoor.TrySet<TSpte>(state.Pages.Tables[page], PageLevel.IndexOf(gpa, level), old, value, out _))
            {
                return FaultOutcome.Fixed;
            }
        }

        return FaultOutcome.None;
    }
}
