// Shadow: the roots of vCPUs: the current one and those used before it.
using System.Runtime.CompilerServices;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>Loads, keeps and lets go of roots. A vCPU keeps its current root and the three used before it.</summary>
internal sealed class ShadowRoots
{
    private readonly ShadowState _state;

    internal ShadowRoots(ShadowState state) => _state = state;

    /// <summary>Switches to a kept root of the vCPU's CR3 and role; false if there is none that may be used as it is. No lock.</summary>
    internal bool TrySwitch(ShadowVcpu vcpu)
    {
        Select(vcpu);
        ulong cr3 = KeyOf(vcpu.Vcpu);
        RootSet roots = vcpu.Roots;
        for (int i = 0; i < roots.Length; i++)
        {
            if (Matches(vcpu, roots[i], cr3))
            {
                roots.MakeCurrent(i);
                vcpu.Vcpu.RootAddress = roots[0].Address;
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes the root of the vCPU's CR3 and role the current one. Takes the lock if it has to be looked up or built.</summary>
    internal RootStatus Load(ShadowVcpu vcpu)
    {
        if (TrySwitch(vcpu))
        {
            return RootStatus.Loaded;
        }

        if (NeedsPaeRoot(vcpu) && !_state.Vm.Tables.HasLowRoots)
        {
            return RootStatus.NoRootBelow4GiB;
        }

        if (!TryTopUp(vcpu))
        {
            return RootStatus.OutOfPages;
        }

        ZapList list = default;
        using MmuWriteGuard held = _state.Vm.Lock.Enter();
        RootStatus status = _state.Vm.IsDead ? RootStatus.VmDead
            : !_state.Rmaps.TryStart() || !EnsureRoom(vcpu, ref list) ? RootStatus.OutOfPages
            : Build(vcpu, ref list);
        _state.Zapper.Commit(ref list);
        return status;
    }

    /// <summary>Brings everything below the current root in step. Takes the lock only if something is unsync.</summary>
    internal void Sync(ShadowVcpu vcpu)
    {
        if (!HasUnsync(vcpu.Roots[0]))
        {
            return;
        }

        ZapList list = default;
        using MmuWriteGuard held = _state.Vm.Lock.Enter();
        vcpu.View.Refresh(_state.Vm.Memories[vcpu.Vcpu.AddressSpace].Table);
        SyncTables(vcpu, vcpu.Roots[0], ref list);
        _state.Zapper.Commit(ref list);
    }

    /// <summary>Lets go of roots.</summary>
    internal void Free(ShadowVcpu vcpu, RootSelection selection)
    {
        ZapList list = default;
        using MmuWriteGuard held = _state.Vm.Lock.Enter();
        if (selection == RootSelection.Previous)
        {
            ReleasePrevious(vcpu, pcid: null, ref list);
        }
        else
        {
            FreeOf(vcpu.Linear, selection, ref list);
            FreeOf(vcpu.Nested, selection, ref list);
        }

        _state.Zapper.Commit(ref list);
    }

    /// <summary>Lets go of roots for guests of the guest, or marks them as behind.</summary>
    internal void DropNested(ShadowVcpu vcpu, NestedRoots roots)
    {
        ZapList list = default;
        using MmuWriteGuard held = _state.Vm.Lock.Enter();
        RootContext context = roots.Kind == NestedRootsKind.Linear ? vcpu.Linear : vcpu.Nested;
        foreach (RootEntry root in context.Roots.Any)
        {
            if (!root.IsLoaded)
            {
                continue;
            }

            switch (roots.Kind)
            {
                case NestedRootsKind.All:
#if MMU_FAULT_232
                case NestedRootsKind.OfRoot:
#else
                case NestedRootsKind.OfRoot when root.Cr3 == roots.Value:
#endif
                case NestedRootsKind.Linear when root.Role.IsNestedGuest:
                    Release(root, ref list);
                    break;
                case NestedRootsKind.OfTag when root.Role.Form == SpteForm.Npt && root.Tag == roots.Value:
                    root.IsBehind = true;
                    break;
            }
        }

        _state.Zapper.Commit(ref list);
    }

    /// <summary>Lets go of the roots that are not current and carry a PCID.</summary>
    internal void FreePrevious(ShadowVcpu vcpu, ulong pcid)
    {
        ZapList list = default;
        using MmuWriteGuard held = _state.Vm.Lock.Enter();
        ReleasePrevious(vcpu, pcid, ref list);
        _state.Zapper.Commit(ref list);
    }

    /// <summary>
    /// True if the vCPU's current root is that of its control state and in use. Under the lock it stays so as long as nothing is reclaimed.
    /// </summary>
    internal bool IsCurrent(ShadowVcpu vcpu) =>
        vcpu.Code is not null && IsSelected(vcpu) && Matches(vcpu, vcpu.Roots[0], KeyOf(vcpu.Vcpu));

    // With paging off CR3 is a register like any other: a load of it must not turn the root in force into a previous one.
    private static ulong KeyOf(Vcpu vcpu) => vcpu.RunsNested ? vcpu.Walker.Context.Second!.Root
        : vcpu.Role.Mode == GuestMode.Unpaged ? 0 : vcpu.Cr3;

    // Nested tables are run on as they are; 32-bit, PAE and unpaged guests on those of PAE paging.
    private static bool NeedsPaeRoot(ShadowVcpu vcpu) => !vcpu.Vcpu.RunsNested && vcpu.Vcpu.Role.Mode < GuestMode.Long4;

    private static bool IsSelected(ShadowVcpu vcpu) =>
        vcpu.Vcpu.RunsNested ? vcpu.RootRole == vcpu.Vcpu.NestedRole : vcpu.Linear.SelectedFor == vcpu.Vcpu.Role;

    private bool IsUsable(RootEntry root)
    {
        if (!root.IsLoaded)
        {
            return false;
        }

        for (int i = 0; i < root.Count; i++)
        {
            if (!root.Tables[i].IsNone)
            {
                ref ShadowPage header = ref _state.Pages[root.Tables[i]];
                if (header.IsInvalid || _state.Pages.IsObsolete(header))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>
    /// Makes room for a fault or a root. Tables of roots cannot be taken apart: if that is all there is, those that are kept but not run on
    /// are let go. Lock held.
    /// </summary>
    internal bool EnsureRoom(ShadowVcpu vcpu, ref ZapList list)
    {
        if (_state.Reclaimer.EnsureRoom(ref list))
        {
            return true;
        }

        ReleasePrevious(vcpu, pcid: null, ref list);
        FreeOf(vcpu.Vcpu.RunsNested ? vcpu.Linear : vcpu.Nested, RootSelection.All, ref list);
        _state.Zapper.Commit(ref list);
        return _state.Reclaimer.EnsureRoom(ref list);
    }

    /// <summary>Fills a vCPU's caches for one fault, letting go of roots as <see cref="EnsureRoom"/> does. Takes the lock if it must.</summary>
    internal bool TryTopUp(ShadowVcpu vcpu)
    {
        if (_state.TryTopUp(vcpu))
        {
            return true;
        }

        Free(vcpu, RootSelection.Previous);
        return _state.TryTopUp(vcpu);
    }

    private static void Select(ShadowVcpu vcpu)
    {
        if (vcpu.Code is not null && IsSelected(vcpu))
        {
            return;
        }

        RootContext context = vcpu.Current;
        CpuRole role = vcpu.Vcpu.Role;
        context.SelectedFor = role;
        context.RootRole = RoleOf(vcpu.Vcpu);
        context.Code = vcpu.Vcpu.RunsNested ? ShadowCode.OfNested(context.RootRole) : ShadowCode.Of(role.Mode);
    }

    private static PageRole RoleOf(Vcpu vcpu) => vcpu.RunsNested ? vcpu.NestedRole : PageRole.RootOf(vcpu.Role);

    private bool Matches(ShadowVcpu vcpu, RootEntry root, ulong cr3) => IsFor(vcpu, root, cr3, vcpu.RootRole) && !root.IsBehind && IsUsable(root);

    // The root that the vCPU enters the guest on unless it is told to load another; whether it is still good is another question.
    private static bool IsOfState(ShadowVcpu vcpu, RootEntry root) => root.IsLoaded && IsFor(vcpu, root, KeyOf(vcpu.Vcpu), RoleOf(vcpu.Vcpu));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFor(ShadowVcpu vcpu, RootEntry root, ulong cr3, PageRole role) =>
        root.Cr3 == cr3 && root.Role == role && (vcpu.Vcpu.RunsNested
            ? IsOfTag(vcpu, root)
            : vcpu.Vcpu.Role.Mode != GuestMode.Pae || SamePdptes(root, vcpu.Vcpu.Walker.Context.Pdptes));

    // Under another ASID the processor has no translations of before. EPT's are of no VPID.
#if MMU_FAULT_225
    private static bool IsOfTag(ShadowVcpu vcpu, RootEntry root) => root.Role.IsNested || root.Tag == vcpu.Vcpu.NestedTag;
#else
    private static bool IsOfTag(ShadowVcpu vcpu, RootEntry root) => root.Role.Form != SpteForm.Npt || root.Tag == vcpu.Vcpu.NestedTag;
#endif

    private static bool SamePdptes(RootEntry root, in PdpteRegisters pdptes)
    {
        for (int i = 0; i < 4; i++)
        {
#if MMU_FAULT_89
            if ((root.Pdptes[i] & ~pdptes[i] & 1) != 0)
#else
            if (root.Pdptes[i] != pdptes[i])
#endif
            {
                return false;
            }
        }

        return true;
    }

    private bool HasUnsync(RootEntry root)
    {
        for (int i = 0; i < root.Count; i++)
        {
            if (!root.Tables[i].IsNone && _state.Pages[root.Tables[i]].HasUnsync)
            {
                return true;
            }
        }

        return false;
    }

    private RootStatus Build(ShadowVcpu vcpu, ref ZapList list)
    {
        vcpu.View.Refresh(_state.Vm.Memories[vcpu.Vcpu.AddressSpace].Table);
        RootEntry root = vcpu.Roots[^1];
        if (root.IsLoaded)
        {
            Release(root, ref list);
        }

        bool isPae = NeedsPaeRoot(vcpu);
        if (isPae)
        {
            if (!_state.Vm.Tables.TryAllocatePaeRoot(out PaeRoot pae))
            {
                return RootStatus.NoRootBelow4GiB;
            }

            root.Pae = pae;
        }

        root.IsPae = isPae;
        root.Cr3 = KeyOf(vcpu.Vcpu);
        root.Role = vcpu.RootRole;
        root.Tag = vcpu.Vcpu.NestedTag;
        root.Pdptes = vcpu.Vcpu.Walker.Context.Pdptes;
        root.IsIncomplete = false;
        root.IsBehind = false;
        root.IsLoaded = true;
        for (int i = 0; i < root.Count; i++)
        {
            FillTable(vcpu, root, i, ref list);
        }

        SyncTables(vcpu, root, ref list);
        vcpu.Roots.MakeCurrent(vcpu.Roots.Length - 1);
        root.Address = root.IsPae
            ? _state.Vm.Tables.PhysicalAddressOf(root.Pae)
            : _state.Vm.Tables.FrameOf(root.Tables[0]).Value << 12;
        vcpu.Vcpu.RootAddress = root.Address;
        return RootStatus.Loaded;
    }

    private void FillTable(ShadowVcpu vcpu, RootEntry root, int index, ref ZapList list)
    {
        PageHandle page = PageHandle.None;
        if (TryGetTable(vcpu, root, index, out ulong gfn))
        {
            PageRole role = root.IsPae && root.Role.HasFourByteEntries ? root.Role.WithQuadrant(index) : root.Role;
            page = _state.Finder.FindOrMake(vcpu, gfn, role, ref list);
            root.IsIncomplete |= page.IsNone;
        }

        root.Tables[index] = page;
        if (!page.IsNone)
        {
            _state.Pages[page].RootCount++;
        }

        if (root.IsPae)
        {
            ulong frame = _state.Vm.Tables.FrameOf(page).Value << 12;
            _state.Vm.Tables.Store(root.Pae, index, page.IsNone ? 0 : Spte.MakePaeRoot(_state.Vm.SpteHost, frame));
        }
    }

    // The frame of the guest's table behind a table of the root; of an unpaged guest the first frame it maps.
    private static bool TryGetTable(ShadowVcpu vcpu, RootEntry root, int index, out ulong gfn)
    {
        const int framesPerTable = 1 << 18;
        if (vcpu.Vcpu.RunsNested)
        {
            gfn = vcpu.Walk.Root >> 12;
            return true;
        }

        switch (vcpu.Vcpu.Role.Mode)
        {
            case GuestMode.Unpaged:
                gfn = (ulong)index * framesPerTable;
                return true;
            case GuestMode.Pae:
                gfn = (root.Pdptes[index] & Spte.FrameMask) >> 12;
                return (root.Pdptes[index] & 1) != 0;
            default:
                gfn = vcpu.Vcpu.Walker.Context.Root >> 12;
                return true;
        }
    }

    private void SyncTables(ShadowVcpu vcpu, RootEntry root, ref ZapList list)
    {
        for (int i = 0; i < root.Count; i++)
        {
            if (!root.Tables[i].IsNone)
            {
                _state.Syncer.SyncBelow(vcpu, root.Tables[i], ref list);
            }
        }
    }

    // Those of one PCID, or all; the one that the control state is for stays.
    private void ReleasePrevious(ShadowVcpu vcpu, ulong? pcid, ref ZapList list)
    {
        for (int i = IsOfState(vcpu, vcpu.Roots[0]) ? 1 : 0; i < vcpu.Roots.Length; i++)
        {
            RootEntry root = vcpu.Roots[i];
            if (root.IsLoaded && (pcid is null || IsOfPcid(vcpu, root, pcid.Value)))
            {
                Release(root, ref list);
            }
        }
    }

    /// <summary>True if a root carries a PCID of the guest in force, which is one thing for the guest and another for its guests.</summary>
    internal static bool IsOfPcid(ShadowVcpu vcpu, RootEntry root, ulong pcid) =>
        (root.Cr3 & ControlBits.Cr3Pcid) == pcid && root.Role.IsNestedGuest == vcpu.Vcpu.Role.IsNestedGuest;

    private void FreeOf(RootContext context, RootSelection selection, ref ZapList list)
    {
        foreach (RootEntry root in context.Roots.Any)
        {
            if (root.IsLoaded && (selection == RootSelection.All || !IsUsable(root) || root.IsIncomplete))
            {
                Release(root, ref list);
            }
        }
    }

    private void Release(RootEntry root, ref ZapList list)
    {
        root.IsLoaded = false;
        for (int i = 0; i < root.Count; i++)
        {
            if (!root.Tables[i].IsNone)
            {
                _state.Zapper.ReleaseRoot(root.Tables[i], ref list);
                root.Tables[i] = PageHandle.None;
            }
        }

        if (root.IsPae)
        {
            _state.Vm.Tables.FreePaeRoot(root.Pae);
            root.IsPae = false;
        }
    }
}
