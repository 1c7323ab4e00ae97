// Shadow: the Shadow MMU of one VM.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Walk;

namespace Mmu.Shadow;

/// <summary>The Shadow MMU: tables that collapse the guest's own with where its memory is, kept in step with both.</summary>
internal sealed partial class ShadowMmu : IDisposable
{
    private readonly VmCore _vm;
    private readonly ShadowState _state;
    private readonly ShadowVcpu?[] _vcpus;

    // Faults of vCPUs that are no more.
    private FaultCounters _departed;

    internal ShadowMmu(VmCore vm)
    {
        _vm = vm;
        _state = new ShadowState(vm);
        _vcpus = new ShadowVcpu?[vm.MaxVcpus];
        Roots = new ShadowRoots(_state);
        Writes = new TableWrites(_state);
        Host = new HostChanges(_state);
        Splitter = new HugePageSplitter(_state);
        Walker = new ShadowWalk(_state);
    }

    /// <summary>Roots of vCPUs.</summary>
    internal ShadowRoots Roots { get; }

    /// <summary>Announced stores.</summary>
    internal TableWrites Writes { get; }

    /// <summary>Host-driven changes.</summary>
    internal HostChanges Host { get; }

    /// <summary>Splitting of huge pages.</summary>
    internal HugePageSplitter Splitter { get; }

    /// <summary>Walks of our tables without the lock.</summary>
    internal ShadowWalk Walker { get; }

    /// <summary>All the parts.</summary>
    internal ShadowState State => _state;

    /// <summary>The engine's data of a vCPU.</summary>
    internal ShadowVcpu Of(Vcpu vcpu) => _vcpus[vcpu.Id]!;

    /// <summary>Prepares for a vCPU.</summary>
    internal void AddVcpu(Vcpu vcpu) => _vcpus[vcpu.Id] = new ShadowVcpu(vcpu, _vm.Memories[0].Table);

    /// <summary>Lets go of all that a vCPU held.</summary>
    internal void RemoveVcpu(Vcpu vcpu)
    {
        ShadowVcpu leaving = Of(vcpu);
        Roots.Free(leaving, RootSelection.All);
        _state.Drain(leaving);
        _departed.Add(leaving.Faults);
        _vcpus[vcpu.Id] = null;
    }

    /// <summary>Makes the data of a slot. Lock held.</summary>
    internal bool TryAddSlot(SlotRecord slot)
    {
        MmuAssert.That(slot.EndGfn <= ShadowPages.GfnLimit, "A slot of frames that no entry can remember", slot.EndGfn);
        return _state.Rmaps.TryAddSlot(slot);
    }

    /// <summary>Makes every table obsolete. Takes the lock.</summary>
    internal void ZapAll()
    {
        using MmuWriteGuard held = _vm.Lock.Enter();
        if (_state.Pages.Used == 0)
        {
            return;
        }

        _state.Pages.NextGeneration();
        _vm.Trace?.Write(TracePoint.ZapAllFast, _state.Pages.Generation, _state.Pages.Used);
        _vm.Gate.RequestFreeObsoleteRoots();
        _vm.Gate.FlushAll();
    }

    /// <summary>Takes a few obsolete tables apart; true if there are more. Takes the lock.</summary>
    internal bool ZapObsolete()
    {
        ZapList list = default;
        using MmuWriteGuard held = _vm.Lock.Enter();
        bool more = _state.Reclaimer.ZapObsolete(ref list);
        _state.Zapper.Commit(ref list);
        return more;
    }

    /// <summary>Takes the oldest tables apart. Takes the lock.</summary>
    internal int Shrink(int pages)
    {
        ZapList list = default;
        using MmuWriteGuard held = _vm.Lock.Enter();
        int zapped = _state.Reclaimer.ZapOldest(pages, ref list);
        _state.Zapper.Commit(ref list);
        return zapped;
    }

    /// <summary>Handles a fault.</summary>
    internal FaultOutcome HandleFault(Vcpu owner, in FaultRequest request, ref FaultResult result)
    {
        ShadowVcpu vcpu = Of(owner);
#if MMU_SLOW_3
        GC.KeepAlive(new FrameSource[1]);
#endif
        if ((request.ErrorCode & PageFaultCode.Reserved) != 0 && !owner.RunsNested && TryMmio(vcpu, request, ref result))
        {
            return FaultOutcome.Mmio;
        }

        bool allowed = owner.Walker.Translate(request.Address, request.Access, out result.Walk);
        if (_vm.Trace is { } trace)
        {
            TraceWalk(trace, request, result.Walk, allowed);
        }

        if (!allowed)
        {
            return result.Walk.Outcome == WalkOutcome.Retry ? FaultOutcome.Retry : FaultOutcome.Inject;
        }

        // Behind nested tables a page fault is none of ours: the processor's view of L2's tables was old.
#if !MMU_FAULT_238
        if (owner.RunsNested)
        {
            return FaultOutcome.Retry;
        }

#endif
        return MapTranslated(vcpu, request, ref result);
    }

    private FaultOutcome MapTranslated(ShadowVcpu vcpu, in FaultRequest request, ref FaultResult result)
    {
        Vcpu owner = vcpu.Vcpu;
        result.Gpa = result.Walk.Gpa;
        FrameSource source = default;
        if (FrameResolution.IsNeeded(_vm, owner.AddressSpace, new Gfn(result.Gpa.Value >> 12)))
        {
            bool write = request.Access.Kind == AccessKind.Write;
            FaultOutcome early = FrameResolution.Resolve(_vm, new Gfn(result.Gpa.Value >> 12), write, ref result, out FrameTicket ticket);
            if (early != FaultOutcome.None)
            {
                return early;
            }

            source = new FrameSource(IsResolved: true, ticket);
        }

        if (!Roots.TryTopUp(vcpu))
        {
            MmuEvents.Log.OutOfPages(_vm.Number);
            return FaultOutcome.OutOfPages;
        }

        using MmuWriteGuard held = _vm.Lock.Enter();
        return Map(vcpu, request, source, ref result);
    }

    /// <summary>The guest invalidated an address. Takes the lock.</summary>
    internal void InvalidatePage(Vcpu owner, Gva address, ulong? pcid)
    {
        ShadowVcpu vcpu = Of(owner);
        if (vcpu.Code is null)
        {
            return;
        }

        ZapList list = default;
        using MmuWriteGuard held = _vm.Lock.Enter();
        vcpu.View.Refresh(_vm.Memories[owner.AddressSpace].Table);
        foreach (RootEntry root in vcpu.Roots.Any)
        {
            if (root.IsLoaded && root.Role.IsNestedGuest == owner.Role.IsNestedGuest && (pcid is null || ShadowRoots.IsOfPcid(vcpu, root, pcid.Value)))
            {
                Invalidate(vcpu, root, address, ref list);
            }

#if MMU_FAULT_96
            break;
#endif
        }

        _state.Zapper.Commit(ref list);
    }

    /// <summary>Adds the figures. Lock held.</summary>
    internal void AddStatistics(ref MmuStatistics statistics)
    {
        FaultCounters faults = _departed;
        foreach (ShadowVcpu? vcpu in _vcpus)
        {
            if (vcpu is not null)
            {
                faults.Add(vcpu.Faults);
            }
        }

        faults.AddTo(ref statistics);
        _state.AddStatistics(ref statistics);
    }

    /// <summary>Checks all invariants. Lock held.</summary>
    internal string? Audit() => new ShadowAudit(_state, _vcpus).Run();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ShadowVcpu? vcpu in _vcpus)
        {
            if (vcpu is not null)
            {
                RemoveVcpu(vcpu.Vcpu);
            }
        }

        _ = Shrink(int.MaxValue);
        _ = _vm.Tables.Reclaim(_vm.Epochs);
        _state.Dispose();
    }

    // Lock held. A method of its own, and so are those below it: what is inlined into a method that holds a lock keeps its values on the stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome Map(ShadowVcpu vcpu, in FaultRequest request, in FrameSource source, ref FaultResult result)
    {
        ZapList list = default;
        FaultOutcome outcome = FaultOutcome.VmDead;
        if (!_vm.IsDead)
        {
            // Room first, then the look at the root, and nothing reclaims after it (bug 5).
            outcome = FaultOutcome.OutOfPages;
#if MMU_FAULT_73
            bool stale = IsStale(vcpu, source, result.Gpa);
#endif
            if (Roots.EnsureRoom(vcpu, ref list))
            {
                outcome = FaultOutcome.Retry;
#if MMU_FAULT_73
                if (!stale)
#else
                if (!IsStale(vcpu, source, result.Gpa))
#endif
                {
                    vcpu.View.Refresh(_vm.Memories[vcpu.Vcpu.AddressSpace].Table);
                    outcome = vcpu.Code!.Map(_state, vcpu, request, source, ref result, ref list);
                }
            }

            _state.Zapper.Commit(ref list);
        }

        return outcome;
    }

    private static void TraceWalk(TraceRing trace, in FaultRequest request, in WalkResult walk, bool allowed)
    {
        trace.Write(TracePoint.PagetableWalk, request.Address.Value, (ulong)request.ErrorCode);
        trace.Write(TracePoint.PagingElement, walk.EntryValueBits, (ulong)walk.Level);
        if (!allowed)
        {
            trace.Write(TracePoint.WalkerError, (ulong)walk.ErrorCode);
        }
    }

    private bool IsStale(ShadowVcpu vcpu, in FrameSource source, Gpa gpa)
    {
        if (!Roots.IsCurrent(vcpu))
        {
            vcpu.Vcpu.WantsObsoleteRootsFreed = true;
            return true;
        }

        return source.IsResolved && _vm.Sequence.IsStale(source.Ticket.Sequence, gpa.Value >> 12);
    }

    // By an entry of ours that says so, if the guest's rights are in it.
    private bool TryMmio(ShadowVcpu vcpu, in FaultRequest request, ref FaultResult result)
    {
        // A tag may reach into the bits by which 5-level tables are walked.
        ulong address = vcpu.Vcpu.Walker.Context.Masking.Untag(request.Address.Value, request.Access.Bits);
        if (!TryFindMmio(vcpu, address, out ulong gfn, out Rights rights))
        {
            return false;
        }

        // Only the plainest accesses: whatever needs another look at the control registers walks the guest's tables.
        bool user = (request.Access.Flags & AccessFlags.User) != 0;
        Rights needed = Rights.Read | (user ? Rights.User : Rights.None) | (request.Access.Kind == AccessKind.Write ? Rights.Write : Rights.None);
        if (request.Access.Kind == AccessKind.Fetch || (rights & needed) != needed || (!user && (rights & Rights.User) != 0) || vcpu.Vcpu.Role.ProtectionKeys)
        {
            return false;
        }

        SetMmio(address, gfn, rights, ref result);
        return true;
    }

    // What the last access to an address found, if an entry of ours says that it was no memory and no slot has changed since.
    private bool TryFindMmio(ShadowVcpu vcpu, ulong address, out ulong gfn, out Rights rights)
    {
        gfn = 0;
        rights = Rights.None;
        if (vcpu.Code is null || !Walker.TryLeaf(vcpu, address, out ulong spte) || !vcpu.Code.TryReadMmio(_state, spte, out gfn, out uint generation, out rights))
        {
            return false;
        }

        _vm.Trace?.Write(TracePoint.CheckMmioSpte, spte, _vm.SlotGeneration, generation);
#if MMU_FAULT_95
        return generation != uint.MaxValue;
#else
        return generation == _vm.SlotGeneration;
#endif
    }

    private void SetMmio(ulong address, ulong gfn, Rights rights, ref FaultResult result)
    {
        _vm.Trace?.Write(TracePoint.HandleMmioPageFault, address, gfn, (ulong)rights);
        result.Gpa = new Gpa((gfn << 12) | (address & 0xFFF));
    }

    private void Invalidate(ShadowVcpu vcpu, RootEntry root, Gva address, ref ZapList list)
    {
        if (!Walker.TryFindLowest(root, address.Value, out PageHandle page, out int index) || !_state.Pages[page].IsUnsync)
        {
            return;
        }

        // A root of another role cannot be read now: it will be when it is loaded anew.
        if (root.Role != vcpu.RootRole || !vcpu.Code!.SyncEntry(_state, vcpu, page, index, ref list))
        {
            root.IsBehind = true;
            if (root == vcpu.Roots[0])
            {
                vcpu.Vcpu.Pending |= VcpuRequests.LoadRoot;
            }
        }
    }
}
