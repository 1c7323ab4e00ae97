// Exports: vCPUs on nested paging.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Native.Abi;

namespace Mmu.Native.Exports;

/// <summary>
/// Nested paging: VMs with MMU_VM_FLAGS_NESTED. One thread at a time for each vCPU, which is not in guest; not a callback. MMU_ERROR_STATE from VMs
/// without.
/// </summary>
internal static unsafe class NestedExports
{
    /// <summary>Answers an EPT violation, an EPT misconfiguration or a nested page fault. Several vCPUs are answered at once.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="violation">The fault.</param>
    /// <param name="result">Receives what to do; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_handle_violation")]
    internal static Status HandleViolation(VcpuHandle vcpu, [In] AbiViolation* violation, AbiFaultResult* result) =>
        VcpuCall.Outside(vcpu, (new Ptr<AbiViolation>(violation), new Ptr<AbiFaultResult>(result)), static (record, a) =>
        {
            Status status = Sized.Read(a.Item1.Value, out AbiViolation given);
            status = status == Status.Ok ? Sized.Check(a.Item2.Value) : status;
            if (status != Status.Ok)
            {
                return status;
            }

            if (!record.Vcpu.IsNested)
            {
                return RefuseShadow();
            }

            if (!TryConvert(given, out ViolationRequest request))
            {
                return Failure.Of(Status.ErrorArgument, "mmu_violation has a source, an access or flags without a meaning.");
            }

            FaultOutcome outcome = record.Vcpu.HandleViolation(request, out FaultResult found);
            Sized.Write(a.Item2.Value, Walks.ResultOf(outcome, found));
            return Status.Ok;
        });

    /// <summary>Maps guest physical memory before it is accessed, as far as it can.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="done">Receives how many bytes from start on are mapped now.</param>
    /// <param name="outcome">Receives MMU_FAULT_OUTCOME_FIXED if all are; else why the next page is not.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_prefault")]
    internal static Status Prefault(VcpuHandle vcpu, ulong start, ulong bytes, ulong* done, FaultOutcome* outcome) =>
        done == null ? Failure.OfNull(nameof(done)) : outcome == null ? Failure.OfNull(nameof(outcome))
            : VcpuCall.Outside(vcpu, (start, bytes, new Ptr<ulong>(done), new Ptr<FaultOutcome>(outcome)), static (record, a) =>
            {
                if (!record.Vcpu.IsNested)
                {
                    return RefuseShadow();
                }

                *a.Item4.Value = record.Vcpu.Prefault(new Gpa(a.start), a.bytes, out ulong mapped);
                *a.Item3.Value = mapped;
                return Status.Ok;
            });

    /// <summary>Reads the entries of our tables that a processor meets for a guest physical address, root first.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gpa">The guest physical address.</param>
    /// <param name="entries">Receives the entries; room for 5.</param>
    /// <param name="count">Receives how many there are.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_get_nested_walk")]
    internal static Status GetWalk(VcpuHandle vcpu, ulong gpa, ulong* entries, uint* count) =>
        entries == null ? Failure.OfNull(nameof(entries)) : count == null ? Failure.OfNull(nameof(count))
            : VcpuCall.Outside(vcpu, (gpa, new Ptr<ulong>(entries), new Ptr<uint>(count)), static (record, a) =>
            {
                if (!record.Vcpu.IsNested)
                {
                    return RefuseShadow();
                }

                *a.Item3.Value = (uint)record.Vcpu.GetNestedWalk(new Gpa(a.gpa), new Span<ulong>(a.Item2.Value, 5));
                return Status.Ok;
            });

    /// <summary>
    /// Makes guest memory private or shared: an access of the other kind ends in MMU_FAULT_OUTCOME_MEMORY_FAULT. When it returns nothing of the range is
    /// mapped. Any thread that has no vCPU of the VM in guest.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <param name="start">First guest physical address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="isPrivate">Not 0 for private memory; new slots are shared.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_set_private")]
    internal static Status SetPrivate(VmHandle vm, ulong start, ulong bytes, uint isPrivate, uint addressSpace) =>
        VmCall.Do(vm, (start, bytes, isPrivate, addressSpace), static (vm, a) =>
        {
            vm.SetPrivate(new Gpa(a.start), a.bytes, a.isPrivate != 0, Space.Of(a.addressSpace));
            return Status.Ok;
        });

    private static Status RefuseShadow() => Failure.Of(Status.ErrorState, "The VM is not on nested paging: create it with MMU_VM_FLAGS_NESTED.");

    private static bool TryConvert(in AbiViolation given, out ViolationRequest request)
    {
        Gpa gpa = new(given.Gpa);
        request = default;
        switch (given.Source)
        {
            case ViolationSource.EptViolation:
                request = ViolationRequest.FromEptViolation(gpa, given.Code);
                return true;
            case ViolationSource.EptMisconfiguration:
                request = ViolationRequest.FromEptMisconfiguration(gpa);
                return true;
            case ViolationSource.NestedPageFault:
                request = ViolationRequest.FromNestedPageFault(gpa, given.Code);
                return true;
            case ViolationSource.Given when (uint)given.Flags < (uint)ViolationFlags.PageWalk * 2 && Accesses.TryConvert(given.Access, out Access access):
                request = new ViolationRequest(gpa, access, given.Flags);
                return true;
            default:
                return false;
        }
    }
}
