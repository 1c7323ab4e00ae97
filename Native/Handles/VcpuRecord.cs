// Handles: a vCPU, and which thread uses it.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Native.Abi;
using Mmu.Native.Hosting;
using Mmu.Vm;
using Mmu.Walk;

namespace Mmu.Native.Handles;

/// <summary>
/// A vCPU, and which thread uses it. The thread that used it last enters a call with two loads and a store; another one first makes every
/// processor see its claim, which takes microseconds.
/// </summary>
internal sealed class VcpuRecord : HandleRecord, IHandleKind
{
    /// <inheritdoc/>
    public static uint Kind => 2;

    private volatile Claim _claim = new(isBusy: false);

    // Another thread looks whether the claim is busy, and then perhaps replaces it.
    private volatile bool _isMoving;

    internal VcpuRecord(VmRecord vm, MmuVcpu vcpu)
    {
        Vm = vm;
        Vcpu = vcpu;
        Walker = vcpu.Walker;
    }

    internal VmRecord Vm { get; }

    internal MmuVcpu Vcpu { get; }

    internal GuestWalker Walker { get; }

    /// <summary>The software TLB, once it was asked for.</summary>
    internal SoftTlb? Tlb { get; set; }

    /// <summary>In guest; guarded by the claim.</summary>
    internal bool IsInGuest { get; private set; }

    internal static VcpuHandle Publish(VcpuRecord record) => new(HandleTable<VcpuRecord>.Add(record));

    internal void Unpublish() => HandleTable<VcpuRecord>.Remove(this);

    /// <summary>Begins a call, in guest or not. Every successful one is followed by <see cref="Release"/>.</summary>
    /// <returns>The vCPU; null with the reason in <paramref name="status"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static VcpuRecord? Enter(VcpuHandle handle, out Status status)
    {
        VcpuRecord? record = HandleTable<VcpuRecord>.Find(handle.Value);
        if (record is not null)
        {
            Claim claim = record._claim;
            if (claim.IsOnStack && !claim.IsBusy)
            {
                // MoveHere's barrier on this processor comes after the first load, and then it sees the store before that; or before it, and then
                // the loads see what MoveHere did. Their order matters: the claim is replaced before the flag is taken back.
                claim.IsBusy = true;
                if (!record._isMoving && record._claim == claim)
                {
                    status = Status.Ok;
                    return record;
                }

                claim.IsBusy = false;
            }
        }

        status = MoveHere(record, handle.Value);
        return status == Status.Ok ? record : null;
    }

    /// <summary>Begins a call that needs the vCPU out of guest.</summary>
    internal static VcpuRecord? EnterOutside(VcpuHandle handle, out Status status)
    {
        VcpuRecord? record = Enter(handle, out status);
        if (record is null)
        {
            return null;
        }

        if (record.IsInGuest)
        {
            status = Failure.Of(Status.ErrorState, "The vCPU is in guest: call mmu_vcpu_end_run first.");
        }
        else if (NativeHost.IsRunning(record.Vm.Host))
        {
            status = Failure.Of(Status.ErrorCallback, "A callback called back into its VM.");
        }
        else if (record.Vm.IsInGuestHere)
        {
            // What is asked may wait for that vCPU, and so for the caller.
            status = Failure.Of(Status.ErrorState, "The calling thread has another vCPU of the VM in guest: call mmu_vcpu_end_run first.");
        }
        else
        {
            return record;
        }

        record.Release();
        return null;
    }

    /// <summary>Ends a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Release() => _claim.IsBusy = false;

    /// <summary>Notes that the vCPU entered or left the guest.</summary>
    internal void SetInGuest(bool inGuest)
    {
        IsInGuest = inGuest;
        Vm.SetGuestThread(Vcpu.Id, inGuest ? Environment.CurrentManagedThreadId : 0);
    }

    /// <summary>Begins the call that destroys the vCPU's VM.</summary>
    internal Status ClaimToDestroy()
    {
        _ = EnterOutside(new VcpuHandle(Handle), out Status status);
        return status == Status.ErrorHandle ? Failure.Of(Status.ErrorBusy, "A vCPU of the VM is being destroyed by another thread.") : status;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Status MoveHere(VcpuRecord? record, ulong handle)
    {
        if (record is null)
        {
            return Failure.Of(Status.ErrorHandle, "The handle is not that of a vCPU, or the vCPU was destroyed.");
        }

        int thread = Environment.CurrentManagedThreadId;
        lock (record)
        {
            Claim old = record._claim;
            if (record.Handle != handle)
            {
                return Failure.Of(Status.ErrorHandle, "The vCPU was destroyed.");
            }

            if (old.Thread == thread)
            {
                if (old.IsBusy)
                {
                    return Failure.Of(Status.ErrorBusy, "The vCPU was called by a callback of one of its own calls.");
                }

                old.IsBusy = true;
                return Status.Ok;
            }

            record._isMoving = true;
            Interlocked.MemoryBarrierProcessWide();
            Status status = record.IsInGuest ? Failure.Of(Status.ErrorThread, "The vCPU is in guest on another thread.")
                : old.IsBusy ? Failure.Of(Status.ErrorBusy, "The vCPU is used by another thread.")
                : Status.Ok;
            if (status == Status.Ok)
            {
                record._claim = new Claim(isBusy: true);
            }

            record._isMoving = false;
            return status;
        }
    }
}
