// Common: asks the VMM for host frames on demand.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Common;

/// <summary>Resolution of frames of slots that have <see cref="SlotFlags.Resolved"/>. Called before the lock is taken.</summary>
internal static class FrameResolution
{
    /// <summary>True if the frame's slot, if any, leaves its host frames to the VMM. A snapshot: the lock's holder looks again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsNeeded(VmCore vm, int addressSpace, Gfn gfn) =>
        vm.ResolvedSlots != 0
        && vm.Memories[addressSpace].TryGetSlot(new Gpa(gfn.Value << 12), out MemorySlot slot)
        && (slot.Flags & SlotFlags.Resolved) != 0;

    /// <summary>Asks the VMM for a frame.</summary>
    /// <returns>
    /// <see cref="FaultOutcome.None"/> with a ticket, whose sequence must be checked under the lock; or what the fault ends in.
    /// </returns>
    /// <exception cref="InvalidOperationException">The VMM's answer breaks the rules of <see cref="IMmuHost.Resolve"/>.</exception>
    internal static FaultOutcome Resolve(VmCore vm, Gfn gfn, bool write, ref FaultResult result, out FrameTicket ticket)
    {
        ulong sequence = vm.Sequence.Snapshot();

        // The snapshot is taken before the VMM looks: pairs with InvalidateSequence.End.
        HostAtomics.Fence();
        ResolvedFrame answer = vm.Host.Resolve(gfn, write);
        ticket = default;
        switch (answer.Kind)
        {
            case ResolvedKind.Present or ResolvedKind.ReadOnly:
                RefuseFrame(vm, gfn, answer.Frame);
                ticket = new FrameTicket(answer.Frame.Value, answer.Kind == ResolvedKind.Present, sequence, answer.Order);
                return write && answer.Kind == ResolvedKind.ReadOnly ? FaultOutcome.Emulate : FaultOutcome.None;

#if MMU_FAULT_64
            case ResolvedKind.NotYet:
#else
            case ResolvedKind.NotYet when answer.Token == 0:
                throw new InvalidOperationException($"IMmuHost.Resolve answered NotYet for {gfn} with token 0; 0 names nothing to wait for.");

            case ResolvedKind.NotYet:
#endif
                result.Token = answer.Token;
                return FaultOutcome.NotYet;

            case ResolvedKind.Poisoned:
                return FaultOutcome.Poisoned;

            case ResolvedKind.Mmio:
                return FaultOutcome.Mmio;

            default:
                throw new InvalidOperationException($"IMmuHost.Resolve answered {(int)answer.Kind} for {gfn}, which is no ResolvedKind.");
        }
    }

    private static void RefuseFrame(VmCore vm, Gfn gfn, Pfn frame)
    {
        ulong address = frame.Value << 12;
        if (address >> 12 != frame.Value || (address & ~vm.SpteHost.AddressMask) != 0)
        {
            throw new InvalidOperationException(
                $"IMmuHost.Resolve answered {frame} for {gfn}, which is no frame of a host with {vm.SpteHost.PhysicalAddressBits} address bits.");
        }
    }
}
