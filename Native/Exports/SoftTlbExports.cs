// Exports: the software TLB.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Native.Abi;
using Mmu.Native.Handles;
using Mmu.Walk;

namespace Mmu.Native.Exports;

/// <summary>
/// The software TLB, for clients without a page walker: mmu_soft_tlb_probe in the header hits without a call. The vCPU's thread.
/// </summary>
internal static unsafe class SoftTlbExports
{
    /// <summary>
    /// The software TLB, made when it is first asked for, outside the guest. From then on whoever changes slots waits until the vCPU polls or leaves,
    /// whatever the flush callback answers.
    /// </summary>
    /// <param name="vcpu">The vCPU, not in guest.</param>
    /// <param name="tlb">Receives its address, which stays until the vCPU is destroyed.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_soft_tlb")]
    internal static Status Get(VcpuHandle vcpu, ulong* tlb) => tlb == null ? Failure.OfNull(nameof(tlb))
        : VcpuCall.Outside(vcpu, new Ptr<ulong>(tlb), static (record, tlb) =>
        {
            record.Tlb ??= record.Vcpu.SoftTlb;
            *tlb.Value = record.Tlb.Address;
            return Status.Ok;
        }, Status.ErrorNoRoom);

    /// <summary>
    /// After a miss: walks the guest's tables as the CPU would, accessed and dirty bits included, and caches the translation where it may be.
    /// </summary>
    /// <param name="vcpu">The vCPU, in guest.</param>
    /// <param name="address">The linear address, with its tag if it has one.</param>
    /// <param name="access">The access.</param>
    /// <param name="outcome">Receives what to do.</param>
    /// <param name="walk">Receives the translation or the fault; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_soft_tlb_resolve")]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status Resolve(VcpuHandle vcpu, ulong address, AccessBits access, SoftTlbOutcome* outcome, AbiWalk* walk)
    {
        if (outcome == null)
        {
            return Failure.OfNull(nameof(outcome));
        }

        VcpuRecord? record = VcpuCall.BeginAccess(vcpu, access, walk, out Access converted, out Status status);
        if (record is null)
        {
            return status;
        }

        try
        {
            if (!record.IsInGuest || record.Tlb is not { } tlb)
            {
                return Failure.Of(Status.ErrorState, "The vCPU is not in guest, or mmu_vcpu_soft_tlb was not called.");
            }

            *outcome = tlb.Resolve(new Gva(address), converted, out WalkResult result);
            Walks.Write(result, walk);
            return Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Of(exception, Status.ErrorHost);
        }
        finally
        {
            record.Release();
        }
    }
}
