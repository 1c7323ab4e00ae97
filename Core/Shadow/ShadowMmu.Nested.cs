// Shadow: faults of a guest of the guest, behind L1's EPT or NPT.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Walk;

namespace Mmu.Shadow;

internal sealed partial class ShadowMmu
{
    /// <summary>
    /// Handles a fault of L2 behind EPT or NPT: by L1's tables it is L1's, to be injected as <see cref="FaultResult.Walk"/> says, or the page is mapped.
    /// </summary>
    internal FaultOutcome HandleViolation(Vcpu owner, in ViolationRequest request, ref FaultResult result)
    {
        ShadowVcpu vcpu = Of(owner);
        ulong address = request.Gpa.Value;
        if ((request.Flags & ViolationFlags.Misconfigured) != 0 && TryNestedMmio(vcpu, request, ref result))
        {
            return FaultOutcome.Mmio;
        }

        WalkContext second = vcpu.Walk;
        uint access = NestedAccess.Of(second, request);
        if (!owner.Walker.TranslateSecond(new Ngpa(address), access, out result.Walk))
        {
            if (result.Walk.Outcome == WalkOutcome.Retry)
            {
                return FaultOutcome.Retry;
            }

            NestedAccess.Report(request, ref result.Walk);
            DropNestedAddress(vcpu, address);
            return FaultOutcome.Inject;
        }

        // What the second dimension was asked for: a walk of L2's tables may write where the processor reported a read.
        var asked = new FaultRequest(new Gva(address), new Access((AccessKind)(access & 3)), PageFaultCode.None);
        return MapTranslated(vcpu, asked, ref result);
    }

    // As TryMmio, for guest physical addresses of L2. EPT's entries keep no rights; what is emulated there is checked by the walk it takes.
    private bool TryNestedMmio(ShadowVcpu vcpu, in ViolationRequest request, ref FaultResult result)
    {
        ulong address = request.Gpa.Value;
        if (!TryFindMmio(vcpu, address, out ulong gfn, out Rights rights))
        {
            return false;
        }

        if (vcpu.RootRole.Form == SpteForm.Npt)
        {
            Rights needed = Rights.Read | Rights.User | (request.Access.Kind == AccessKind.Write ? Rights.Write : Rights.None);
            if (request.Access.Kind == AccessKind.Fetch || (request.Flags & ViolationFlags.PageWalk) != 0 || (rights & needed) != needed)
            {
                return false;
            }
        }

        SetMmio(address, gfn, rights, ref result);
        return true;
    }

    // The processor drops the translations of an address that faults, whichever root of the same tables they were made from.
    private void DropNestedAddress(ShadowVcpu vcpu, ulong address)
    {
#if !MMU_FAULT_226
        if (vcpu.Code is null)
        {
            return;
        }

        ZapList list = default;
        using MmuWriteGuard held = _vm.Lock.Enter();
        vcpu.View.Refresh(_vm.Memories[vcpu.Vcpu.AddressSpace].Table);
        ulong key = vcpu.Walk.Root;
        foreach (RootEntry root in vcpu.Roots.Any)
        {
            if (root.IsLoaded && root.Cr3 == key)
            {
                Invalidate(vcpu, root, new Gva(address), ref list);
            }
        }

        _state.Zapper.Commit(ref list);
#endif
    }
}
