// Exports: control registers and invalidation instructions.
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Native.Abi;
using Mmu.Vm;

namespace Mmu.Native.Exports;

/// <summary>
/// Registers and invalidations of a vCPU. One thread at a time for each vCPU; not a callback. The vCPU is not in guest unless the function says so.
/// </summary>
internal static unsafe class ControlExports
{
    /// <summary>
    /// Puts control state in force: after a MOV to CR0 or CR4, a write of EFER, a task switch, a reset. For a MOV to CR3 use mmu_vcpu_load_cr3.
    /// </summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="state">The state.</param>
    /// <param name="verdict">Receives MMU_CONTROL_STATE_STATUS_LEGAL, or why a processor refuses it; nothing has changed then.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_set_control_state")]
    internal static Status SetControlState(VcpuHandle vcpu, [In] AbiControlState* state, ControlStateStatus* verdict) =>
        verdict == null ? Failure.OfNull(nameof(verdict))
            : VcpuCall.Outside(vcpu, (new Ptr<AbiControlState>(state), new Ptr<ControlStateStatus>(verdict)), static (record, a) =>
            {
                Status status = Sized.Read(a.Item1.Value, out AbiControlState given);
                if (status == Status.Ok)
                {
                    *a.Item2.Value = record.Vcpu.SetControlState(new ControlState
                    {
                        Cr0 = given.Cr0,
                        Cr3 = given.Cr3,
                        Cr4 = given.Cr4,
                        Efer = given.Efer,
                        Pat = given.Pat == 0 ? new ControlState().Pat : given.Pat,
                        Pkru = given.Pkru,
                        Pkrs = given.Pkrs,
                    });
                }

                return status;
            });

    /// <summary>The control state in force. In guest or not.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="state">Receives it; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_get_control_state")]
    internal static Status GetControlState(VcpuHandle vcpu, AbiControlState* state) =>
        VcpuCall.Anywhere(vcpu, new Ptr<AbiControlState>(state), static (record, state) =>
        {
            Status status = Sized.Check(state.Value);
            if (status == Status.Ok)
            {
                ControlState found = record.Walker.ControlState;
                Sized.Write(state.Value, new AbiControlState
                {
                    Cr0 = found.Cr0,
                    Cr3 = found.Cr3,
                    Cr4 = found.Cr4,
                    Efer = found.Efer,
                    Pat = found.Pat,
                    Pkru = found.Pkru,
                    Pkrs = found.Pkrs,
                });
            }

            return status;
        });

    /// <summary>A MOV to CR3, as a guest makes it.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="value">The operand; bit 63 keeps translations with CR4.PCIDE and is reserved without.</param>
    /// <param name="verdict">Receives MMU_CONTROL_STATE_STATUS_LEGAL, or why it is #GP; nothing has changed then.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_load_cr3")]
    internal static Status LoadCr3(VcpuHandle vcpu, ulong value, ControlStateStatus* verdict) => verdict == null ? Failure.OfNull(nameof(verdict))
        : VcpuCall.Outside(vcpu, (value, new Ptr<ControlStateStatus>(verdict)), static (record, a) =>
        {
            *a.Item2.Value = record.Vcpu.LoadCr3(a.value);
            return Status.Ok;
        });

    /// <summary>Sets PKRU and IA32_PKRS. In guest or not.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="pkru">PKRU.</param>
    /// <param name="pkrs">IA32_PKRS.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_set_protection_keys")]
    internal static Status SetProtectionKeys(VcpuHandle vcpu, uint pkru, uint pkrs) =>
        VcpuCall.Anywhere(vcpu, (pkru, pkrs), static (record, a) =>
        {
            record.Vcpu.SetProtectionKeys(a.pkru, a.pkrs);
            return Status.Ok;
        });

    /// <summary>Enters or leaves system-management mode: the vCPU sees the other address space's slots. Registers stay.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="active">Not 0 to enter.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_set_system_management")]
    internal static Status SetSystemManagement(VcpuHandle vcpu, uint active) => VcpuCall.Outside(vcpu, active, static (record, active) =>
    {
        record.Vcpu.SetSystemManagement(active != 0);
        return Status.Ok;
    });

    /// <summary>An INVLPG. An address that is not canonical does nothing.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">The linear address.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_invalidate_page")]
    internal static Status InvalidatePage(VcpuHandle vcpu, ulong address) => VcpuCall.Outside(vcpu, address, static (record, address) =>
    {
        record.Vcpu.InvalidatePage(new Gva(address));
        return Status.Ok;
    });

    /// <summary>An INVPCID.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="type">The register operand.</param>
    /// <param name="descriptor">The first eight bytes of the memory operand: the PCID.</param>
    /// <param name="address">The others: the linear address.</param>
    /// <param name="verdict">Receives whether it completes or is #GP.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_invalidate_pcid")]
    internal static Status InvalidatePcid(VcpuHandle vcpu, ulong type, ulong descriptor, ulong address, InvalidateStatus* verdict) =>
        verdict == null ? Failure.OfNull(nameof(verdict))
            : VcpuCall.Outside(vcpu, (type, descriptor, address, new Ptr<InvalidateStatus>(verdict)), static (record, a) =>
            {
                *a.Item4.Value = record.Vcpu.InvalidatePcid(a.type, a.descriptor, new Gva(a.address));
                return Status.Ok;
            });
}
