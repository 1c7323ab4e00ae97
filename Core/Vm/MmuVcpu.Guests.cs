// Vm: guests of the guest: entering and leaving them.
using System;
using Mmu.Architecture;
using Mmu.Common;

namespace Mmu.Vm;

public sealed partial class MmuVcpu
{
    /// <summary>True between <c>EnterNested</c> and <see cref="LeaveNested"/>: control state, faults and invalidations are those of a guest of the guest.</summary>
    public bool InNestedGuest => _vcpu.Role.IsNestedGuest;

    /// <summary>
    /// Of a nested guest whose EPT has a log (<see cref="EptControl.LogAddress"/>): the entry to write next, the VMCS field "PML index". Set it before entering,
    /// read it after leaving.
    /// </summary>
    public ushort NestedLogIndex
    {
        get => Walker.Log.Index;
        set => Walker.Log.Index = value;
    }

    /// <summary>
    /// L1 has entered a guest behind EPT. From here on the vCPU runs on tables that collapse L1's EPT with its memory: violations go to
    /// <see cref="HandleViolation"/>, with addresses of that guest; <see cref="Walker"/> translates through both. The vCPU is not in guest.
    /// </summary>
    /// <param name="state">The guest's control state.</param>
    /// <param name="ept">L1's EPT. Its features are those that L1 was told of; the EPT pointer of our tables takes bit 6 from L1's.</param>
    /// <param name="tag">The VPID.</param>
    /// <param name="pdptes">Under PAE paging the four PDPTEs from the VMCS; empty to load them from memory.</param>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why the entry fails; then nothing has changed.</returns>
    /// <exception cref="ArgumentException">The control promises L1 what tables of this VM cannot do; the message says what.</exception>
    /// <exception cref="InvalidOperationException">The vCPU is in guest or in a nested guest already, or the VM has no EPT
    /// (<see cref="MmuVmOptions.Tdp"/>, <see cref="MmuVmOptions.Nested"/>).</exception>
    public ControlStateStatus EnterNested(in ControlState state, in EptControl ept, NestedTag tag = default, ReadOnlySpan<ulong> pdptes = default)
    {
        BeginEntry();
        try
        {
            RefuseEpt(ept, pdptes.Length);
            if (!IsEptReachable(ept))
            {
                return ControlStateStatus.EptPointerInvalid;
            }

            ControlState before = BringBack();
            return Enter(Walker.Resume(state, ept, pdptes), before, state, PageRole.RootOf(ept, InSystemManagement), nested: true, tag);
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>As above, behind nested page tables (AMD).</summary>
    /// <param name="state">The guest's control state.</param>
    /// <param name="npt">L1's tables and the part of its own state that they depend on.</param>
    /// <param name="tag">The ASID.</param>
    /// <returns>As above.</returns>
    /// <exception cref="ArgumentException">As above.</exception>
    /// <exception cref="InvalidOperationException">As above; the VM has no NPT.</exception>
    public ControlStateStatus EnterNested(in ControlState state, in NptControl npt, NestedTag tag)
    {
        BeginEntry();
        try
        {
            RefuseNpt(npt);
            if (npt.Levels > _core.Nested!.Levels)
            {
                return ControlStateStatus.NestedCr3Invalid;
            }

            ControlState before = BringBack();
            return Enter(Walker.Resume(state, npt), before, state, PageRole.RootOf(npt, _core.Nested!.Levels, InSystemManagement), nested: true, tag);
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>
    /// L1 has entered a guest without nested paging, for which it keeps shadow tables itself: the guest's CR3 is one more root of the vCPU's own engine.
    /// </summary>
    /// <param name="state">The guest's control state.</param>
    /// <param name="tag">The VPID or ASID.</param>
    /// <returns>As above.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest or in a nested guest already.</exception>
    public ControlStateStatus EnterNested(in ControlState state, NestedTag tag)
    {
        BeginEntry();
        try
        {
            if ((state.Cr4 & ControlBits.Cr4Cet) != 0 && !_onTdp)
            {
                return ControlStateStatus.ShadowStacksUnsupported;
            }

            ControlState before = BringBack();
            return Enter(Walker.Resume(state), before, state, default, nested: false, tag);
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>The nested guest has been left: L1 runs again, on the root and with the translations it had.</summary>
    /// <param name="state">L1's control state, as the exit loads it.</param>
    /// <returns>As for <see cref="SetControlState"/>; L1 runs in any case, with its former state if this one is refused.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest, or in no nested guest.</exception>
    public ControlStateStatus LeaveNested(in ControlState state)
    {
        BeginCall();
        try
        {
            RequireNestedGuest();
            bool tagged = _vcpu.NestedTag != 0;
            Walker.Exchange();
            _vcpu.Role = CpuRole.From(Walker.State, InSystemManagement);
            _vm.EngineSet.SwitchGuest(_vcpu, _onTdp, nested: false);
            _vcpu.SoftTlb?.SwitchGuest(0);
            if (!tagged)
            {
                DropLinear();
            }
        }
        finally
        {
            EndCall();
        }

        return state == Walker.ControlState ? ControlStateStatus.Legal : SetControlState(state);
    }

    // The guest that was left last is in the walker again, and what has not changed of its state need not be prepared anew.
    private ControlState BringBack()
    {
        Walker.Exchange();
        return Walker.State;
    }

    private void BeginEntry()
    {
        BeginCall();
        if (InNestedGuest)
        {
            EndCall();
            throw new InvalidOperationException($"vCPU {Id} is in a nested guest already: LeaveNested comes first.");
        }
    }

    // The last part of an entry; where the state was refused, of taking it back.
    private ControlStateStatus Enter(ControlStateStatus status, in ControlState before, in ControlState state, PageRole role, bool nested, NestedTag tag)
    {
        if (status != ControlStateStatus.Legal)
        {
            Walker.Exchange();
            return status;
        }

        _vcpu.Role = CpuRole.From(state, InSystemManagement, isNestedGuest: true);
        _vcpu.NestedRole = role;
        _vcpu.NestedTag = tag.Id;
        if (tag.Flush || tag.Id == 0)
        {
            _vm.EngineSet.DropNestedRoots(_vcpu, new NestedRoots(NestedRootsKind.OfTag, tag.Id));
        }

        _vm.EngineSet.SwitchGuest(_vcpu, _onTdp && !nested, nested);
        if (tag.Id == 0 || tag.Flush)
        {
            DropLinear();
        }

        if (_vcpu.SoftTlb is { } tlb)
        {
            // What is cached was checked by control registers that may be others now.
            if (before with { Cr3 = 0, Pkru = 0, Pkrs = 0 } != state with { Cr3 = 0, Pkru = 0, Pkrs = 0 })
            {
                tlb.DropNested(guest: null, second: null);
            }

            tlb.SwitchGuest(SpaceOf(tag.Id));
        }

        return ControlStateStatus.Legal;
    }

    // Which guest it is for the software TLB; 0 is L1.
    private static ulong SpaceOf(uint tag) => tag + 1UL;

    // All translations of linear addresses of the guest in force. Tables of ours that stand for linear addresses are brought in step.
    private void DropLinear()
    {
        _vm.EngineSet.Do(_vcpu, ControlActions.FlushGuest);
        _vcpu.SoftTlb?.FlushAll();
    }

    // EPT that our tables can stand for, but whose pointer asks for accessed bits where no processor sets them.
    private bool IsEptReachable(in EptControl ept) =>
        _core.Nested!.Format == TdpFormat.Ept || (ept.EptPointer & EptControl.AccessedDirtyBit) == 0;

    private void RefuseEpt(in EptControl ept, int pdptes)
    {
        if (_core.Nested is not { Format: not TdpFormat.Npt } options)
        {
            throw new InvalidOperationException("The VM has no EPT for guests of its guest (MmuVmOptions.Tdp, MmuVmOptions.Nested).");
        }

        Refuse(ept.PhysicalAddressBits != _core.Features.PhysicalAddressBits, nameof(ept), "EptControl.PhysicalAddressBits is not that of MmuVmOptions.Features");
        Refuse(ept.ExecuteOnly && !options.ExecuteOnly, nameof(ept), "EptControl.ExecuteOnly needs TdpOptions.ExecuteOnly");
        Refuse(pdptes is not 0 and not 4, nameof(pdptes), "there are four PDPTEs or none");
    }

    private void RefuseNpt(in NptControl npt)
    {
        if (_core.Nested is not { Format: TdpFormat.Npt })
        {
            throw new InvalidOperationException("The VM has no NPT for guests of its guest (MmuVmOptions.Tdp, MmuVmOptions.Nested).");
        }

        Refuse(npt.PhysicalAddressBits != _core.Features.PhysicalAddressBits, nameof(npt), "NptControl.PhysicalAddressBits is not that of MmuVmOptions.Features");
    }

    private static void Refuse(bool refused, string argument, string message)
    {
        if (refused)
        {
            throw new ArgumentException(message + ".", argument);
        }
    }

    private void RequireNestedGuest()
    {
        if (!InNestedGuest)
        {
            throw new InvalidOperationException($"vCPU {Id} is in no nested guest.");
        }
    }
}
