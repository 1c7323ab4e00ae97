// Vm: who may use a vCPU, and when.
using System;
using System.Runtime.CompilerServices;
using Mmu.Common;

namespace Mmu.Vm;

public sealed partial class MmuVcpu
{
#if MMU_ASSERT
    /// <summary>Throws if the vCPU is in guest on the calling thread: what is asked there may wait for it.</summary>
    internal void RefuseGuestThread()
    {
        if (_guestThread == Environment.CurrentManagedThreadId && _gate.IsInside(_vcpu.Id))
        {
            throw new InvalidOperationException($"The VM was called by the thread of vCPU {Id}, which is in guest: call EndRun first.");
        }
    }
#endif

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void BeginCall()
    {
        RefuseInGuest();
        if (!_gate.BeginCall(_vcpu.Id))
        {
            _gate.EndCall(_vcpu.Id);
            ThrowOverlap();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndCall() => _gate.EndCall(_vcpu.Id);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RefuseInGuest()
    {
        GuardedHost.RefuseCallback(_core.Host);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_gate.IsInside(_vcpu.Id))
        {
            throw new InvalidOperationException($"vCPU {Id} is in guest: only Poll, EndRun and Walker may be used until EndRun.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RefuseOutside()
    {
        GuardedHost.RefuseCallback(_core.Host);
        if (!_gate.IsInside(_vcpu.Id))
        {
            throw new InvalidOperationException($"vCPU {Id} is not in guest.");
        }

#if MMU_ASSERT
        if (_guestThread != Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException($"vCPU {Id} entered the guest on another thread.");
        }
#endif
    }

    private void ThrowOverlap() => throw new InvalidOperationException($"vCPU {Id} is used by two threads at a time.");
}
