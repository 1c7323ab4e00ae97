// Exports: running the guest and answering its faults.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Native.Abi;
using Mmu.Native.Handles;
using Mmu.Vm;

namespace Mmu.Native.Exports;

/// <summary>
/// Running the guest. One thread at a time for each vCPU, the same from mmu_vcpu_begin_run to mmu_vcpu_end_run; not a callback.
/// </summary>
internal static unsafe class RunExports
{
    /// <summary>
    /// Enters the guest: does what is pending, asks the flush callback for what the vCPU's own TLB must lose, then counts as in guest, so that whoever
    /// changes tables waits for this vCPU to drop its old translations.
    /// </summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="state">Receives what the processor must be loaded with; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_begin_run")]
    internal static Status BeginRun(VcpuHandle vcpu, AbiRunState* state) =>
        VcpuCall.Outside(vcpu, new Ptr<AbiRunState>(state), static (record, state) =>
        {
            Status status = Sized.Check(state.Value);
            if (status == Status.Ok)
            {
                RootStatus root = record.Vcpu.BeginRun(out RunState found);
                if (root == RootStatus.Loaded)
                {
                    record.SetInGuest(true);
                }

                Sized.Write(state.Value, new AbiRunState { Status = root, RootAddress = found.RootAddress, Levels = (uint)found.Levels, Kind = found.Kind });
            }

            return status;
        });

    /// <summary>Leaves the guest. Translations and host addresses taken since may be kept, but used only in guest.</summary>
    /// <param name="vcpu">The vCPU, in guest.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_end_run")]
    internal static Status EndRun(VcpuHandle vcpu) => VcpuCall.Anywhere(vcpu, 0, static (record, _) =>
    {
        if (!record.IsInGuest)
        {
            return Failure.Of(Status.ErrorState, "The vCPU is not in guest.");
        }

        record.Vcpu.EndRun();
        record.SetInGuest(false);
        return Status.Ok;
    });

    /// <summary>
    /// For vCPUs run in software: does what others ask for without leaving. To be called often, between two guest instructions.
    /// </summary>
    /// <param name="vcpu">The vCPU, in guest.</param>
    /// <param name="stay">Receives 0 if the vCPU has to leave and enter anew, because its root is obsolete.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_poll")]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status Poll(VcpuHandle vcpu, uint* stay)
    {
        if (stay == null)
        {
            return Failure.OfNull(nameof(stay));
        }

        VcpuRecord? record = VcpuRecord.Enter(vcpu, out Status status);
        if (record is null)
        {
            return status;
        }

        try
        {
            if (!record.IsInGuest)
            {
                return Failure.Of(Status.ErrorState, "The vCPU is not in guest.");
            }

            *stay = record.Vcpu.Poll() ? 1u : 0;
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

    /// <summary>Answers a page fault that a processor raised on our tables. The vCPU is not in guest.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="result">Receives what to do; its struct_size is set.</param>
    /// <param name="walk">Receives the walk of the guest's tables: the fault to inject, or the translation. May be NULL.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_handle_fault")]
    internal static Status HandleFault(VcpuHandle vcpu, [In] AbiFault* fault, AbiFaultResult* result, AbiWalk* walk) =>
        VcpuCall.Outside(vcpu, (new Ptr<AbiFault>(fault), new Ptr<AbiFaultResult>(result), new Ptr<AbiWalk>(walk)), static (record, a) =>
        {
            Status status = Sized.Read(a.Item1.Value, out AbiFault given);
            status = status == Status.Ok ? Sized.Check(a.Item2.Value) : status;
            status = status == Status.Ok && a.Item3.Value != null ? Sized.Check(a.Item3.Value) : status;
            if (status != Status.Ok)
            {
                return status;
            }

            if (!Accesses.TryConvert(given.Access, out Mmu.Architecture.Access access))
            {
                return Accesses.Refuse();
            }

            FaultOutcome outcome = record.Vcpu.HandleFault(new FaultRequest(new Gva(given.Address), access, given.ErrorCode), out FaultResult found);
            Sized.Write(a.Item2.Value, Walks.ResultOf(outcome, found));
            if (a.Item3.Value != null)
            {
                Walks.Write(found.Walk, a.Item3.Value);
            }

            return Status.Ok;
        });

    /// <summary>
    /// After MMU_FAULT_OUTCOME_WRITE_PROTECTED: stops shadowing the frame, so that the guest can make the store itself. Not to be asked if
    /// hits_own_tables. The vCPU is not in guest.
    /// </summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">The linear address of the fault.</param>
    /// <param name="gpa">Its guest physical address, from mmu_fault_result.</param>
    /// <param name="instructionPointer">The guest's RIP.</param>
    /// <param name="again">Receives whether to run the guest again; 0: emulate the instruction.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_unprotect")]
    internal static Status Unprotect(VcpuHandle vcpu, ulong address, ulong gpa, ulong instructionPointer, uint* again) =>
        again == null ? Failure.OfNull(nameof(again))
            : VcpuCall.Outside(vcpu, (address, gpa, instructionPointer, new Ptr<uint>(again)), static (record, a) =>
            {
                *a.Item4.Value = record.Vcpu.Unprotect(new Gva(a.address), new Gpa(a.gpa), a.instructionPointer) ? 1u : 0;
                return Status.Ok;
            });

    /// <summary>Reads the entries of our tables that a processor meets for an address, root first. The vCPU is not in guest.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="address">The linear address.</param>
    /// <param name="entries">Receives the entries; room for 5.</param>
    /// <param name="count">Receives how many there are.</param>
    /// <returns>MMU_ERROR_STATE from vCPUs on nested paging: mmu_vcpu_get_nested_walk is theirs.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vcpu_get_walk")]
    internal static Status GetWalk(VcpuHandle vcpu, ulong address, ulong* entries, uint* count) =>
        entries == null ? Failure.OfNull(nameof(entries)) : count == null ? Failure.OfNull(nameof(count))
            : VcpuCall.Outside(vcpu, (address, new Ptr<ulong>(entries), new Ptr<uint>(count)), static (record, a) =>
            {
                *a.Item3.Value = (uint)record.Vcpu.GetWalk(new Gva(a.address), new Span<ulong>(a.Item2.Value, 5));
                return Status.Ok;
            }, Status.ErrorState);
}
