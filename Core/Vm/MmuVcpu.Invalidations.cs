// Vm: invalidations by which L1 drops translations of its guests.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;

namespace Mmu.Vm;

public sealed partial class MmuVcpu
{
    /// <summary>
    /// L1's guest has executed VMFUNC 0, or L1 its like: another EPT pointer comes into force, and nothing else changes. Nothing is dropped: translations
    /// belong to the pointer they were made from.
    /// </summary>
    /// <param name="eptPointer">The pointer, out of L1's list.</param>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why it is a VM exit; then nothing has changed.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest, or in no nested guest behind EPT.</exception>
    public ControlStateStatus SwitchEptPointer(ulong eptPointer)
    {
        BeginCall();
        try
        {
            RequireNestedGuest();
            if (!_vcpu.RunsNested || _vcpu.NestedRole.Form == SpteForm.Npt)
            {
                throw new InvalidOperationException($"vCPU {Id} is in no nested guest behind EPT.");
            }

            // Its levels and whether it keeps accessed bits cannot be switched. Intel SDM "EPTP Switching" checks it as VM entry does.
            EptControl ept = Walker.Ept with { EptPointer = eptPointer };
            if (!IsEptReachable(ept))
            {
                return ControlStateStatus.EptPointerInvalid;
            }

            ControlStateStatus status = Walker.SwitchEpt(ept);
            if (status == ControlStateStatus.Legal)
            {
                _vcpu.NestedRole = PageRole.RootOf(ept, InSystemManagement);
                _vm.EngineSet.Do(_vcpu, ControlActions.SwitchRoot);
                _vcpu.SoftTlb?.Select();
            }

            return status;
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>An INVEPT of L1. Intel SDM "INVEPT—Invalidate Translations Derived from EPT".</summary>
    /// <param name="type">The register operand: 1 for one EPT pointer, 2 for all.</param>
    /// <param name="eptPointer">The first eight bytes of the memory operand.</param>
    /// <param name="reserved">The others.</param>
    /// <returns>Whether it completes.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest, or in a nested guest.</exception>
    public InvalidateStatus InvalidateEpt(ulong type, ulong eptPointer, ulong reserved = 0)
    {
        BeginInvalidation();
        try
        {
            switch (type)
            {
                case 1 when IsEptPointer(eptPointer) && reserved == 0:
                    // Translations belong to the address alone.
                    ulong root = eptPointer & EptControl.PointerMask;
                    DropNestedRoots(new NestedRoots(NestedRootsKind.OfRoot, root));
                    _vcpu.SoftTlb?.DropNested(guest: null, root);
                    return InvalidateStatus.Done;

                case 2:
                    DropNestedRoots(new NestedRoots(NestedRootsKind.All));
                    _vcpu.SoftTlb?.DropNested(guest: null, second: null);
                    return InvalidateStatus.Done;

                default:
                    return InvalidateStatus.InvalidOperand;
            }
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>An INVVPID of L1. Intel SDM "INVVPID—Invalidate Translations Based on VPID".</summary>
    /// <param name="type">The register operand: 0 an address, 1 a VPID, 2 all VPIDs, 3 a VPID but for global pages.</param>
    /// <param name="descriptor">The first eight bytes of the memory operand: the VPID.</param>
    /// <param name="address">The others: the linear address.</param>
    /// <returns>Whether it completes.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest, or in a nested guest.</exception>
    public InvalidateStatus InvalidateVpid(ulong type, ulong descriptor, Gva address)
    {
        BeginInvalidation();
        try
        {
            bool isOne = type is 0 or 1 or 3;
            if (type > 3 || (isOne && (descriptor >> 16 != 0 || descriptor == 0)) || (type == 0 && !IsCanonicalForInvalidation(address)))
            {
                return InvalidateStatus.InvalidOperand;
            }

            if (type == 0)
            {
                DropNestedPage(address);
            }
            else
            {
                DropNestedGuests(isOne ? (uint)descriptor : null);
            }

            return InvalidateStatus.Done;
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>An INVLPGA of L1. AMD APM "INVLPGA".</summary>
    /// <param name="address">RAX: the linear address.</param>
    /// <param name="asid">ECX: 0 for L1 itself.</param>
    /// <exception cref="InvalidOperationException">The vCPU is in guest, or in a nested guest.</exception>
    public void InvalidatePage(Gva address, uint asid)
    {
        if (asid == 0)
        {
            InvalidatePage(address);
            return;
        }

        BeginInvalidation();
        try
        {
            // Which of L2's physical addresses it is nobody knows: all that was read of NPT under the ASID is looked at again.
            DropNestedRoots(new NestedRoots(NestedRootsKind.OfTag, asid));
            DropNestedPage(address);
        }
        finally
        {
            EndCall();
        }
    }

    // Of one address, in all guests of the guest.
    private void DropNestedPage(Gva address)
    {
        DropNestedRoots(new NestedRoots(NestedRootsKind.Linear));
        RequestPageFlush(address);
        _vcpu.SoftTlb?.DropPage(address);
    }

    private void DropNestedGuests(uint? tag)
    {
        DropNestedRoots(new NestedRoots(NestedRootsKind.Linear));

        // Both scopes together: everything that was made from our tables (EngineSet.Flush).
        _vcpu.Pending |= VcpuRequests.FlushCurrent | VcpuRequests.FlushPage;
        _vcpu.SoftTlb?.DropNested(tag is { } id ? SpaceOf(id) : null, second: null);
    }

    private void DropNestedRoots(NestedRoots roots) => _vm.EngineSet.DropNestedRoots(_vcpu, roots);

    private bool IsEptPointer(ulong eptPointer) =>
        Walk.WalkContextBuilder.IsLegal(Walker.Ept with { EptPointer = eptPointer, PhysicalAddressBits = _core.Features.PhysicalAddressBits });

    private bool IsCanonicalForInvalidation(Gva address)
    {
        int unused = 64 - (_core.Features.La57 ? 57 : 48);
        return (ulong)((long)(address.Value << unused) >> unused) == address.Value;
    }

    private void BeginInvalidation()
    {
        BeginCall();
        if (InNestedGuest)
        {
            EndCall();
            throw new InvalidOperationException($"vCPU {Id} is in a nested guest, which has no guests of its own here: LeaveNested comes first.");
        }
    }
}
