// Handles: a VM, and who uses it.
using System;
using System.Collections.Generic;
using System.Threading;
using Mmu.Guest;
using Mmu.Native.Abi;
using Mmu.Native.Hosting;
using Mmu.Vm;

namespace Mmu.Native.Handles;

/// <summary>A VM, and who uses it: any number of calls at a time, or the one that destroys it.</summary>
internal sealed class VmRecord(MmuVm vm, NativeHost host, int maxVcpus) : HandleRecord, IHandleKind
{
    private const int Destroyed = -1;

    /// <inheritdoc/>
    public static uint Kind => 1;

    private readonly List<VcpuRecord> _vcpus = [];

    // guarded by: itself. Dirty logs and snapshots.
    private readonly HashSet<OwnedRecord> _owned = [];

    // Held by the one reader of the vCPUs' dirty rings, and while a vCPU goes with its ring.
    private readonly Lock _rings = new();

    // By vCPU number: the thread that has it in guest, or 0.
    private readonly int[] _guestThreads = new int[maxVcpus];

    private int _users;

    internal MmuVm Vm { get; } = vm;

    internal NativeHost Host { get; } = host;

    /// <summary>True if the calling thread has a vCPU of the VM in guest.</summary>
    internal bool IsInGuestHere => _guestThreads.AsSpan().Contains(Environment.CurrentManagedThreadId);

    /// <summary>Notes which thread has a vCPU in guest; 0 for none.</summary>
    internal void SetGuestThread(int vcpu, int thread) => _guestThreads[vcpu] = thread;

    /// <summary>Publishes a new VM.</summary>
    internal static VmHandle Add(VmRecord record) => new(HandleTable<VmRecord>.Add(record));

    /// <summary>Begins a call. Every successful one is followed by <see cref="Exit"/>.</summary>
    internal static Status Enter(VmHandle handle, out VmRecord record)
    {
        record = HandleTable<VmRecord>.Find(handle.Value)!;
        if (record is null)
        {
            return Failure.Of(Status.ErrorHandle, "The handle is not that of a VM, or the VM was destroyed.");
        }

        return record.Enter();
    }

    /// <inheritdoc cref="Enter(VmHandle, out VmRecord)"/>
    internal Status Enter()
    {
        if (NativeHost.IsRunning(Host))
        {
            return Failure.Of(Status.ErrorCallback, "A callback called back into its VM.");
        }

        if (IsInGuestHere)
        {
            return Failure.Of(Status.ErrorState, "The calling thread has a vCPU of the VM in guest: call mmu_vcpu_end_run first.");
        }

        return TryUse() ? Status.Ok : Failure.Of(Status.ErrorBusy, "The VM is being destroyed.");
    }

    /// <summary>Ends a call.</summary>
    internal void Exit() => Interlocked.Decrement(ref _users);

    /// <summary>Enlists a vCPU; within a call.</summary>
    internal VcpuHandle Add(VcpuRecord vcpu)
    {
        lock (_vcpus)
        {
            // Memory runs out before the vCPU is enlisted or not at all: one without a handle could not be claimed, and so its VM never be destroyed.
            _ = _vcpus.EnsureCapacity(_vcpus.Count + 1);
            VcpuHandle handle = VcpuRecord.Publish(vcpu);
            _vcpus.Add(vcpu);
            return handle;
        }
    }

    /// <summary>Destroys a vCPU; within a call for it.</summary>
    internal void Destroy(VcpuRecord vcpu)
    {
        // Published until it is gone: a VM that is destroyed meanwhile finds it busy.
        lock (_rings)
        {
            vcpu.Vcpu.Dispose();
            lock (_vcpus)
            {
                _ = _vcpus.Remove(vcpu);
            }
        }

        vcpu.Unpublish();
    }

    /// <summary>Enlists a dirty log or a snapshot, which goes with the VM if not before; within a call.</summary>
    internal void Add(OwnedRecord owned)
    {
        lock (_owned)
        {
            _ = _owned.Add(owned);
        }
    }

    /// <summary>Ends a dirty log or a snapshot; within a call for it.</summary>
    internal void End(OwnedRecord owned)
    {
        lock (_owned)
        {
            _ = _owned.Remove(owned);
        }

        owned.End();
    }

    /// <summary>Takes pages from the dirty rings of all vCPUs, as many as there is room for; within a call.</summary>
    internal int TakeDirtyPages(Span<AbiDirtyPage> pages)
    {
        int count = 0;
        lock (_rings)
        {
            lock (_vcpus)
            {
                foreach (VcpuRecord vcpu in _vcpus)
                {
                    while (count < pages.Length && vcpu.Vcpu.DirtyRing is { } ring && ring.TryTake(out DirtyRingEntry entry))
                    {
                        pages[count++] = new AbiDirtyPage { Vcpu = (uint)vcpu.Vcpu.Id, Slot = entry.Slot, Page = entry.Page };
                    }
                }
            }
        }

        return count;
    }

    /// <summary>Destroys the VM with its vCPUs; within a call, which it ends.</summary>
    internal Status Destroy()
    {
        if (Interlocked.CompareExchange(ref _users, Destroyed, 1) != 1)
        {
            Exit();
            return Failure.Of(Status.ErrorBusy, "The VM is used by another thread.");
        }

        lock (_vcpus)
        {
            if (ClaimAll() is var status && status != Status.Ok)
            {
                Volatile.Write(ref _users, 0);
                return status;
            }

            foreach (VcpuRecord vcpu in _vcpus)
            {
                vcpu.Unpublish();
            }
        }

        // Nobody is in a call for the VM, and so for none of these.
        foreach (OwnedRecord owned in _owned)
        {
            owned.End();
        }

        HandleTable<VmRecord>.Remove(this);
        Vm.Dispose();
        return Status.Ok;
    }

    private Status ClaimAll()
    {
        for (int i = 0; i < _vcpus.Count; i++)
        {
            Status status = _vcpus[i].ClaimToDestroy();
            if (status != Status.Ok)
            {
                foreach (VcpuRecord claimed in _vcpus.GetRange(0, i))
                {
                    claimed.Release();
                }

                return status;
            }
        }

        return Status.Ok;
    }

    private bool TryUse()
    {
        int users = Volatile.Read(ref _users);
        while (users != Destroyed)
        {
            int found = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (found == users)
            {
                return true;
            }

            users = found;
        }

        return false;
    }
}
