// Vm: control registers and invalidation instructions of a vCPU.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;

namespace Mmu.Vm;

public sealed partial class MmuVcpu
{
    // The last store that was tried again after unprotecting, so that the same one is emulated the next time.
    private Gva _unprotectedFor;
    private ulong _unprotectedAt;
    private bool _unprotected;

    /// <summary>
    /// Puts control state in force: after a MOV to CR0 or CR4, a write of EFER, a task switch, a VM entry. Roots are reloaded and TLBs flushed
    /// as far as the change asks for it. A CR3 that differs counts as loaded; for a MOV to CR3 use <see cref="LoadCr3"/>.
    /// </summary>
    /// <param name="state">The state. Bit 63 of CR3 with CR4.PCIDE keeps translations.</param>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why it was refused; then nothing has changed.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest.</exception>
    public ControlStateStatus SetControlState(in ControlState state)
    {
        BeginCall();
        try
        {
            if ((state.Cr4 & ControlBits.Cr4Cet) != 0 && !IsNested)
            {
                return ControlStateStatus.ShadowStacksUnsupported;
            }

            ControlState before = Walker.ControlState;
            PdpteRegisters pdptes = Walker.Pdptes;
            ControlStateStatus status = Walker.SetOwnState(state with { Cr3 = state.Cr3 & ~ControlBits.Cr3NoFlush });
            if (status != ControlStateStatus.Legal)
            {
                return status;
            }

            _vcpu.Role = CpuRole.From(state, InSystemManagement, InNestedGuest);
            ControlActions actions = ControlChange.Of(before, state) | OfPdptes(pdptes);
            _vm.EngineSet.Do(_vcpu, actions);
            if (actions != ControlActions.None)
            {
                _vcpu.SoftTlb?.FlushAll();
            }
            else
            {
                _vcpu.SoftTlb?.Select();
            }

            return ControlStateStatus.Legal;
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>A MOV to CR3, as a guest makes it. The cheapest way from one address space to another.</summary>
    /// <param name="value">The operand; bit 63 keeps translations with CR4.PCIDE and is reserved without.</param>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why it is #GP; then nothing has changed.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest.</exception>
    public ControlStateStatus LoadCr3(ulong value)
    {
        BeginCall();
        try
        {
            ulong before = _vcpu.Cr3;
            bool keeps = (value & ControlBits.Cr3NoFlush) != 0;
            if (keeps && !Walker.HasPcids)
            {
                return ControlStateStatus.Cr3Reserved;
            }

            if (_vcpu.Role.Mode == GuestMode.Pae)
            {
                return LoadCr3OfPae(before, value);
            }

            ControlStateStatus status = Walker.LoadCr3(value);
            if (status == ControlStateStatus.Legal)
            {
                _vm.EngineSet.Do(_vcpu, ControlChange.OfCr3(Walker.State, before, value));
                if (_vcpu.Role.Mode != GuestMode.Unpaged)
                {
                    _vcpu.SoftTlb?.Cr3Loaded(keeps);
                }
            }

            return status;
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>Enters or leaves system-management mode: the vCPU sees the other address space's slots. Registers stay.</summary>
    /// <param name="active">True to enter.</param>
    /// <exception cref="InvalidOperationException">The vCPU is in guest.</exception>
    public void SetSystemManagement(bool active)
    {
        BeginCall();
        try
        {
            if (active == InSystemManagement)
            {
                return;
            }

            Walker.SwitchMemory(_core.Memories[active ? 1 : 0]);
            _vcpu.Role = CpuRole.From(Walker.ControlState, active, InNestedGuest);
            _vcpu.NestedRole = _vcpu.NestedRole.InAddressSpace(active);
            _vm.EngineSet.Do(_vcpu, ControlActions.SwitchRoot | ControlActions.Sync | ControlActions.FlushCurrent);
            _vcpu.SoftTlb?.SwitchMemory(_core.Slots[active ? 1 : 0]);
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>Sets PKRU and IA32_PKRS. No table depends on them: a processor that runs the guest checks keys itself.</summary>
    /// <param name="pkru">PKRU.</param>
    /// <param name="pkrs">IA32_PKRS.</param>
    public void SetProtectionKeys(uint pkru, uint pkrs)
    {
        Walker.SetProtectionKeys(pkru, pkrs);
        _vcpu.SoftTlb?.Select();
    }

    /// <summary>An INVLPG. An address that is not canonical does nothing.</summary>
    /// <param name="address">The linear address, without a tag: masking does not concern it.</param>
    /// <exception cref="InvalidOperationException">The vCPU is in guest.</exception>
    public void InvalidatePage(Gva address)
    {
        BeginCall();
        try
        {
            if (TryNormalize(ref address))
            {
                _vcpu.Invalidations++;
                _vm.EngineSet.InvalidatePage(_vcpu, address);
                RequestPageFlush(address);
                _vcpu.SoftTlb?.DropPage(address);
            }
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>An INVPCID, defined with paging off too (bug 15). Intel SDM "INVPCID—Invalidate Process-Context Identifier".</summary>
    /// <param name="type">The register operand: 0 an address, 1 a PCID, 2 everything with global pages, 3 everything without.</param>
    /// <param name="descriptor">The first eight bytes of the memory operand: the PCID.</param>
    /// <param name="address">The others: the linear address.</param>
    /// <returns>Whether it completes or is #GP.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest.</exception>
    public InvalidateStatus InvalidatePcid(ulong type, ulong descriptor, Gva address)
    {
        BeginCall();
        try
        {
            if (type > 3 || (descriptor & ~ControlBits.Cr3Pcid) != 0 || (type <= 1 && descriptor != 0 && !Walker.HasPcids))
            {
                return InvalidateStatus.GeneralProtection;
            }

            switch (type)
            {
                case 0:
                    if (!TryNormalize(ref address))
                    {
                        return InvalidateStatus.GeneralProtection;
                    }

                    _vm.EngineSet.InvalidatePage(_vcpu, address, descriptor);
                    RequestPageFlush(address);
                    _vcpu.SoftTlb?.DropPage(address);
                    break;

                case 1:
                    _vm.EngineSet.InvalidatePcid(_vcpu, descriptor);
                    DropSoftPcid(descriptor);
                    break;

                default:
                    // Dropping global pages too is right for type 3.
                    _vm.EngineSet.Do(_vcpu, ControlActions.FlushGuest);
                    break;
            }

            return InvalidateStatus.Done;
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>
    /// After <see cref="FaultOutcome.WriteProtected"/>: stops shadowing the frame, so that the guest can make the store itself. Not to be
    /// asked if <see cref="FaultResult.HitsOwnTables"/>.
    /// </summary>
    /// <param name="address">The linear address of the fault.</param>
    /// <param name="gpa">Its guest physical address, <see cref="FaultResult.Gpa"/>.</param>
    /// <param name="instructionPointer">The guest's RIP.</param>
    /// <returns>
    /// True: run the guest again. False: emulate the instruction, because the same one got here before, or because nothing stood in its way.
    /// </returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest.</exception>
    public bool Unprotect(Gva address, Gpa gpa, ulong instructionPointer)
    {
        BeginCall();
        try
        {
            if (_unprotected && _unprotectedFor == address && _unprotectedAt == instructionPointer)
            {
                _unprotected = false;
                return false;
            }

            _unprotected = _vm.EngineSet.Unprotect(_vcpu.AddressSpace, gpa.ToGfn());
            (_unprotectedFor, _unprotectedAt) = (address, instructionPointer);
            return _unprotected;
        }
        finally
        {
            EndCall();
        }
    }

    private ControlStateStatus LoadCr3OfPae(ulong before, ulong value)
    {
        PdpteRegisters pdptes = Walker.Pdptes;
        ControlStateStatus status = Walker.LoadCr3(value);
        if (status == ControlStateStatus.Legal)
        {
            _vm.EngineSet.Do(_vcpu, ControlChange.OfCr3(Walker.State, before, value) | OfPdptes(pdptes));
            _vcpu.SoftTlb?.Cr3Loaded(keeps: false);
        }

        return status;
    }

    // A root is that of its PDPTE registers too, which a load of an equal CR3 may change.
    private ControlActions OfPdptes(in PdpteRegisters before) =>
        _vcpu.Role.Mode == GuestMode.Pae && !((ReadOnlySpan<ulong>)before).SequenceEqual(Walker.Pdptes)
            ? ControlActions.SwitchRoot | ControlActions.Sync | ControlActions.FlushCurrent
            : ControlActions.None;

    // Without PCIDs the low bits of CR3 are no PCID.
    private void DropSoftPcid(ulong pcid)
    {
        if (Walker.HasPcids)
        {
            _vcpu.SoftTlb?.DropPcid(pcid);
        }
        else
        {
            _vcpu.SoftTlb?.FlushAll();
        }
    }

    private void RequestPageFlush(Gva address)
    {
        if ((_vcpu.Pending & VcpuRequests.FlushPage) != 0 && _vcpu.FlushAddress != address)
        {
            // One address is remembered; two are everything.
            _vcpu.Pending |= VcpuRequests.Flush;
            return;
        }

        _vcpu.FlushAddress = address;
        _vcpu.Pending |= VcpuRequests.FlushPage;
    }

    // Invalidations are checked against the widest addresses that the CPU has, not those of the mode in force.
    private bool TryNormalize(ref Gva address)
    {
        if (_vcpu.Role.Mode < GuestMode.Long4)
        {
            address = new Gva((uint)address.Value);
            return true;
        }

        return IsCanonicalForInvalidation(address);
    }
}
