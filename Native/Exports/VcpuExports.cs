// Exports: vCPUs.
using System.Runtime.InteropServices;
using Mmu.Native.Abi;
using Mmu.Native.Handles;
using Mmu.Vm;

namespace Mmu.Native.Exports;

/// <summary>
/// Virtual CPUs. One thread at a time for each vCPU, which may change between calls outside the guest; not a callback. The vCPU is not in guest.
/// </summary>
internal static unsafe class VcpuExports
{
    /// <summary>Creates a vCPU, outside the guest and with paging off. Any thread that has no vCPU of the VM in guest.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="vcpu">Receives the vCPU.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_create")]
    internal static Status Create(VmHandle vm, VcpuHandle* vcpu) => vcpu == null ? Failure.OfNull(nameof(vcpu))
        : VmCall.DoRecord(vm, new Ptr<VcpuHandle>(vcpu), static (record, vcpu) =>
        {
            MmuVcpu created = record.Vm.CreateVcpu();
            *vcpu.Value = record.Add(new VcpuRecord(record, created));
            return Status.Ok;
        }, Status.ErrorNoRoom);

    /// <summary>Destroys a vCPU. Its handle becomes stale, and its number free.</summary>
    /// <param name="vcpu">The vCPU.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_destroy")]
    internal static Status Destroy(VcpuHandle vcpu) => VcpuCall.Outside(vcpu, 0, static (record, _) =>
    {
        record.Vm.Destroy(record);
        return Status.Ok;
    });

    /// <summary>The vCPU's number, by which callbacks are told of it; the lowest that was free when it was created.</summary>
    /// <param name="vcpu">The vCPU, in guest or not.</param>
    /// <param name="number">Receives it.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_number")]
    internal static Status GetNumber(VcpuHandle vcpu, uint* number) => number == null ? Failure.OfNull(nameof(number))
        : VcpuCall.Anywhere(vcpu, new Ptr<uint>(number), static (record, number) =>
        {
            *number.Value = (uint)record.Vcpu.Id;
            return Status.Ok;
        });
}
