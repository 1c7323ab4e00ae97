// Common: what a vCPU does before it enters the guest, and what its control registers ask for.
using System;
using Mmu.Architecture;

namespace Mmu.Common;

internal partial struct EngineSet<TShadow, TTdp>
{
    // Flushes of the current root or a page of it; both together are one of everything.
    private const VcpuRequests OfCurrentRoot = VcpuRequests.FlushCurrent | VcpuRequests.FlushPage;

    /// <summary>Does what is pending before the vCPU enters. On its thread, outside the guest.</summary>
    /// <returns><see cref="RootStatus.Loaded"/>, or why there is no root; what was pending then stays so.</returns>
    internal RootStatus DoPending(VmCore vm, Vcpu vcpu)
    {
        VcpuRequests work = vcpu.Pending;
        if (vm.Gate.Peek(vcpu.Id) != VcpuRequests.None)
        {
            work |= vm.Gate.Take(vcpu.Id, (VcpuRequests)uint.MaxValue);
        }

        vcpu.Pending = VcpuRequests.None;

        // In this order: a root is let go before another is looked for, and tables are in step before the TLB forgets what they were.
        if ((work & VcpuRequests.FreeObsoleteRoots) != 0)
        {
            FreeRoots(vcpu, RootSelection.Obsolete);
            work |= VcpuRequests.LoadRoot;
        }

        if ((work & VcpuRequests.LoadRoot) != 0)
        {
            RootStatus status = LoadRoot(vcpu);
            if (status != RootStatus.Loaded)
            {
                vcpu.Pending |= work;
                return status;
            }

            // A loaded root may have been another's before, and its tables may have been left behind.
            work |= VcpuRequests.Sync | VcpuRequests.FlushCurrent;
        }

#if MMU_FAULT_61
        Flush(vm, vcpu, work);
#endif
        if ((work & VcpuRequests.Sync) != 0)
        {
            SyncRoot(vcpu);
        }

#if !MMU_FAULT_61
        Flush(vm, vcpu, work);
#endif
        return RootStatus.Loaded;
    }

    /// <summary>Does at once what a change of control registers asks for, or has it done before the vCPU enters.</summary>
    internal void Do(Vcpu vcpu, ControlActions actions)
    {
        if (OnTdp(vcpu) || vcpu.RunsNested)
        {
            DoOnTdp(vcpu, actions);
            return;
        }

        if ((actions & ControlActions.UnloadAll) != 0)
        {
            FreeRoots(vcpu, RootSelection.All);
            vcpu.Pending |= VcpuRequests.LoadRoot;
        }
        else if ((actions & ControlActions.SwitchRoot) != 0)
        {
            VcpuRequests owed = vcpu.Pending & (VcpuRequests.Sync | VcpuRequests.FlushCurrent);
            vcpu.Pending = TrySwitchRoot(vcpu) ? vcpu.Pending & ~VcpuRequests.LoadRoot : vcpu.Pending | VcpuRequests.LoadRoot;
            if (owed != 0 && vcpu.Walker.HasPcids)
            {
                // It was owed for the root left behind, to which a load of CR3 that keeps translations may come back before it is done.
                FreeRoots(vcpu, RootSelection.Previous);
                vcpu.Pending |= VcpuRequests.Flush;
            }
        }

        if ((actions & ControlActions.FlushGuest) != 0)
        {
            // Cached roots would have to be synced when they come into force again; it is simpler to let them go.
            FreeRoots(vcpu, RootSelection.Previous);
            vcpu.Pending |= VcpuRequests.Sync | VcpuRequests.Flush;
        }

        if ((actions & ControlActions.FreePcid) != 0)
        {
            FreePreviousRoots(vcpu, vcpu.Cr3 & ControlBits.Cr3Pcid);
        }

        vcpu.Pending |= ((actions & ControlActions.Sync) != 0 ? VcpuRequests.Sync : VcpuRequests.None)
            | ((actions & ControlActions.FlushCurrent) != 0 ? VcpuRequests.FlushCurrent : VcpuRequests.None);
    }

    // Tables of the second dimension follow from no register but the address space; what the guest's own translations lose the processor drops, and a
    // VMM that intercepts the change instead must.
    private void DoOnTdp(Vcpu vcpu, ControlActions actions)
    {
        const ControlActions flushes = ControlActions.FlushCurrent | ControlActions.FlushGuest | ControlActions.Sync | ControlActions.UnloadAll;
        if ((actions & ControlActions.SwitchRoot) != 0)
        {
            ulong before = vcpu.RootAddress;
            vcpu.Pending |= TrySwitchRoot(vcpu) ? VcpuRequests.None : VcpuRequests.LoadRoot;
            if ((vcpu.Pending & OfCurrentRoot) != 0 && (vcpu.RootAddress != before || (vcpu.Pending & VcpuRequests.LoadRoot) != 0))
            {
                vcpu.Pending |= OfCurrentRoot;
            }
        }

        vcpu.Pending |= (actions & flushes) != 0 ? VcpuRequests.FlushCurrent : VcpuRequests.None;
    }

    /// <summary>Another guest comes into force: the guest itself, or one of its own. Its walker and role are set.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="onTdp">Its root is one of the TDP engine's.</param>
    /// <param name="nested">Its root is for guest physical addresses behind EPT or NPT.</param>
    internal void SwitchGuest(Vcpu vcpu, bool onTdp, bool nested)
    {
        // What was asked of the TLB for the root that is left behind is asked for all.
        VcpuRequests pending = vcpu.Pending;
#if !MMU_FAULT_221
        pending |= (pending & OfCurrentRoot) != 0 ? OfCurrentRoot : VcpuRequests.None;
#endif
        VcpuRequests left = pending & VcpuRequests.Sync;
        pending = (pending & ~(VcpuRequests.Sync | VcpuRequests.LoadRoot)) | vcpu.Suspended;
#if MMU_FAULT_237
        vcpu.Suspended = left & VcpuRequests.Flush;
#else
        vcpu.Suspended = left;
#endif
        vcpu.RunsOnTdp = onTdp;
        vcpu.RunsNested = nested;
        vcpu.Pending = TrySwitchRoot(vcpu) ? pending : pending | VcpuRequests.LoadRoot;
    }

    /// <summary>The guest dropped the translations of a PCID; without PCIDs there is only one.</summary>
    internal void InvalidatePcid(Vcpu vcpu, ulong pcid)
    {
        bool pcids = vcpu.Walker.HasPcids;
        if (!pcids || (vcpu.Cr3 & ControlBits.Cr3Pcid) == pcid)
        {
            Do(vcpu, ControlActions.Sync | ControlActions.FlushCurrent);
        }

        if (pcids)
        {
            FreePreviousRoots(vcpu, pcid);
        }
    }

    /// <summary>Empties the calling vCPU's own TLB as far as it is asked for.</summary>
    internal static void Flush(VmCore vm, Vcpu vcpu, VcpuRequests work)
    {
        FlushRange range;
        if ((work & VcpuRequests.Flush) != 0)
        {
            // What the guest itself drops is dropped there at once.
            vcpu.SoftTlb?.FlushAll();
            range = new FlushRange(FlushScope.All, default);
        }
        else if ((work & VcpuRequests.FlushCurrent) != 0)
        {
            // A page's translations go from other roots too.
            range = new FlushRange((work & VcpuRequests.FlushPage) != 0 ? FlushScope.All : FlushScope.CurrentRoot, default);
        }
        else if ((work & VcpuRequests.FlushPage) != 0)
        {
            range = new FlushRange(FlushScope.Page, vcpu.FlushAddress);
        }
        else
        {
            return;
        }

        // Owed until it is done: a host that fails here is asked again at the next entry.
        const VcpuRequests flushes = VcpuRequests.Flush | VcpuRequests.FlushCurrent | VcpuRequests.FlushPage;
        vcpu.Pending |= work & flushes;
        vcpu.TlbFlushes++;
        int id = vcpu.Id;
        if (!vm.Host.Flush(new ReadOnlySpan<int>(in id), range))
        {
            throw new InvalidOperationException("IMmuHost.Flush returned false for the calling vCPU, whose TLB it must empty.");
        }

        vcpu.Pending &= ~(work & flushes);
    }
}
