// Tdp: answers faults of the second dimension.
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>
/// Answers EPT violations and nested page faults. vCPUs hold the lock shared and change entries by compare-exchange, each from what it has read:
/// who loses one looks again, and who meets an entry that another holds frozen lets the guest try again.
/// </summary>
internal sealed partial class TdpFault<TSpte>
    where TSpte : struct, ISpteFormat
{
    // What a processor says of a page from which rights were taken only to notice an access: something was there, or, where all of them were saved away,
    // nothing needs to have been.
    private static ViolationFlags MayBeLent => typeof(TSpte) == typeof(EptNoAdSpte) ? ViolationFlags.None : ViolationFlags.Present;

    private readonly TdpState _state;
    private readonly VmCore _vm;

    internal TdpFault(TdpState state)
    {
        _state = state;
        _vm = state.Vm;
    }

    /// <summary>Answers a fault. On the vCPU's thread, without the lock.</summary>
    internal FaultOutcome Handle(TdpVcpu vcpu, in ViolationRequest request, ref FaultResult result)
    {
        ulong gpa = request.Gpa.Value;
        result.Gpa = request.Gpa;
        result.IsPrivate = (request.Flags & ViolationFlags.Private) != 0;
        if (!TdpWalk.IsInReach(gpa, _state.Options.Levels))
        {
            return FaultOutcome.Mmio;
        }

        if ((request.Flags & ViolationFlags.Misconfigured) != 0)
        {
            if (IsKnownMmio(vcpu, gpa))
            {
                return FaultOutcome.Mmio;
            }
        }
        else if ((request.Flags & (MayBeLent | ViolationFlags.Private)) == MayBeLent && !_vm.HasPrivateMemory)
        {
            // Without the lock nothing says whether the page is private: it is mapped alike.
            FaultOutcome fast = FastFault<TSpte>.Handle(_state, vcpu, gpa, request.Access.Kind);
            if (fast != FaultOutcome.None)
            {
                vcpu.Faults.CountFast(fast);
                return fast;
            }
        }

        return HandleLocked(vcpu, request, ref result, prefault: false, out _);
    }

    /// <summary>Maps a page before it is accessed. On the vCPU's thread, without the lock.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gpa">An address in the page.</param>
    /// <param name="level">At what level it is mapped now.</param>
    internal FaultOutcome Prefault(TdpVcpu vcpu, ulong gpa, out int level)
    {
        level = 0;
        FaultResult result = default;
        return TdpWalk.IsInReach(gpa, _state.Options.Levels)
            ? HandleLocked(vcpu, new ViolationRequest(new Gpa(gpa), Access.SupervisorRead, ViolationFlags.None), ref result, prefault: true, out level)
            : FaultOutcome.Mmio;
    }

    private FaultOutcome HandleLocked(TdpVcpu vcpu, in ViolationRequest request, ref FaultResult result, bool prefault, out int level)
    {
        level = 0;
        FrameTicket ticket = default;
        Gfn gfn = new(request.Gpa.Value >> 12);
        bool resolved = FrameResolution.IsNeeded(_vm, vcpu.Vcpu.AddressSpace, gfn);
        if (resolved)
        {
            bool write = request.Access.Kind == AccessKind.Write;
            FaultOutcome early = FrameResolution.Resolve(_vm, gfn, write, ref result, out ticket);
            if (early != FaultOutcome.None)
            {
                return early;
            }
        }

        if (vcpu.Pages.Count < TdpVcpu.PagesPerFault && !_state.TryTopUp(vcpu))
        {
            MmuEvents.Log.OutOfPages(_vm.Number);
            return FaultOutcome.OutOfPages;
        }

        using MmuReadGuard held = _vm.Lock.EnterShared(vcpu.Vcpu.Id);
        return Map(vcpu, request, resolved, ticket, prefault, out level);
    }

    // A method of its own: what is inlined into one that holds a lock keeps its values on the stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome Map(TdpVcpu vcpu, in ViolationRequest request, bool resolved, in FrameTicket ticket, bool prefault, out int level)
    {
        level = 0;
        if (_vm.IsDead)
        {
            return FaultOutcome.VmDead;
        }

        // What is mapped, and into what, follows from this root alone (bug 13): it is the one in force as long as the lock is held.
        int addressSpace = vcpu.Vcpu.AddressSpace;
#if MMU_FAULT_135
        if (vcpu.Root.IsNone)
#else
        if (!_state.Roots.IsCurrent(vcpu.Root, addressSpace))
#endif
        {
            vcpu.Vcpu.WantsObsoleteRootsFreed = true;
            return FaultOutcome.Retry;
        }

        ulong gfn = request.Gpa.Value >> 12;
        SlotRecord? slot = vcpu.FindSlot(_vm, addressSpace, gfn);
        if (slot is null)
        {
            return MapMmio(vcpu, gfn, (request.Flags & ViolationFlags.Private) != 0);
        }

        FaultOutcome refused = slot.IsLeaving || resolved != slot.IsResolved ? FaultOutcome.Retry : Refuse(slot, gfn, request);
        if (refused != FaultOutcome.None)
        {
            return refused;
        }

        FrameTicket source = resolved ? ticket : new FrameTicket(slot.HostFrameOf(gfn), Writable: true, Sequence: 0, Order: int.MaxValue);
        int wanted = LevelFor(slot, gfn, request.Access.Kind, source);
        ulong first = gfn & ~(PageLevel.FramesOf(wanted) - 1);
#if MMU_FAULT_170
        if (resolved && _vm.Sequence.IsStale(source.Sequence, gfn))
#else
        if (resolved && _vm.Sequence.IsStale(source.Sequence, first, first + PageLevel.FramesOf(wanted)))
#endif
        {
            return FaultOutcome.Retry;
        }

        _vm.Trace?.Write(TracePoint.SpteRequested, gfn, source.Frame, (ulong)wanted);
        TdpLeaf leaf = new(
            gfn, source.Frame, wanted, source.Writable && !slot.IsReadOnly, slot.IsDevice, slot.IsExecuteOnly, Accessed: !prefault);
        return Install(vcpu, slot, leaf, request.Access.Kind, out level);
    }

    // Why an access to a slot may not be mapped; None if it may.
    private static FaultOutcome Refuse(SlotRecord slot, ulong gfn, in ViolationRequest request)
    {
        if (((request.Flags & ViolationFlags.Private) != 0) != slot.IsPrivate(gfn) || (slot.IsExecuteOnly && request.Access.Kind != AccessKind.Fetch))
        {
            return FaultOutcome.MemoryFault;
        }

        if (request.Access.Kind != AccessKind.Write)
        {
            return FaultOutcome.None;
        }

        return slot.IsReadOnly ? FaultOutcome.Mmio : slot.IsGuarded(gfn) && slot.IsTracked(gfn) ? FaultOutcome.WriteProtected : FaultOutcome.None;
    }

    // As large as the slot, the host's frames and the access allow.
    private int LevelFor(SlotRecord slot, ulong gfn, AccessKind kind, in FrameTicket source)
    {
        // A logged page is as small as its mark.
        if ((_vm.NxHugePages && kind == AccessKind.Fetch) || slot.IsLogged)
        {
            return 1;
        }

        int level = slot.Huge.HighestAllowed(gfn, _state.Options.HighestPageLevel);
#if MMU_FAULT_134
        int order = int.MaxValue;
#else
        int order = source.Order;
#endif
        while (level > 1 && (PageLevel.FrameShiftOf(level) > order || ((gfn ^ source.Frame) & (PageLevel.FramesOf(level) - 1)) != 0))
        {
            level--;
        }

        return level;
    }

    private bool IsKnownMmio(TdpVcpu vcpu, ulong gpa)
    {
        if (vcpu.Root.IsNone)
        {
            return false;
        }

        _ = _vm.Epochs.Enter(vcpu.Vcpu.Id);
        ulong spte = TdpWalk.FindLast(_state.Pages, vcpu.Root, gpa, out _, out _);
        _vm.Epochs.Exit(vcpu.Vcpu.Id);
        if (!TSpte.IsMmio(_vm.SpteHost, spte))
        {
            return false;
        }

        uint generation = TSpte.MmioGeneration(spte);
        _vm.Trace?.Write(TracePoint.CheckMmioSpte, spte, _vm.SlotGeneration, generation);
#if !MMU_FAULT_137
        if (generation != _vm.SlotGeneration)
        {
            return false;
        }

#endif
        _vm.Trace?.Write(TracePoint.HandleMmioPageFault, gpa, gpa >> 12);
        return true;
    }
}
