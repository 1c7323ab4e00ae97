// Common: who is in guest, what each vCPU has to do before it enters, and how to reach those inside.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Memory;

namespace Mmu.Common;

/// <summary>The guest-entry protocol. See docs/locking.md.</summary>
/// <remarks>
/// Entering stores "in guest", fences, then looks at the requests; asking stores the request, fences, then looks at who is in guest. So one of
/// the two sees the other, and no vCPU runs on with what somebody wants it to drop.
/// </remarks>
internal sealed class RunGate : IDisposable
{
    private const ulong Outside = 0;
    private const uint Work = ~(uint)VcpuRequests.Awaited;

    private readonly PrivateArena _arena;
    private readonly IMmuHost _host;
    private readonly ArenaArray<VcpuLine> _lines;
    private readonly AutoResetEvent _acknowledged = new(initialState: false);

    // Taken with MmuLock held, in either mode. Whom it waits for is in guest, and so holds neither.
    private readonly Lock _asking = new();

    // guarded by: _asking
    private readonly int[] _inside;
    private readonly ulong[] _stays;

    // guarded by: MmuLock(write); read with it held shared
    private int _count;
    private int _holders;

    /// <summary>Makes the gate of a VM without vCPUs.</summary>
    /// <exception cref="InvalidOperationException">The private arena has no room.</exception>
    internal RunGate(PrivateArena arena, int maxVcpus, IMmuHost host)
    {
        _arena = arena;
        _host = host;
        _lines = arena.Allocate<VcpuLine>((ulong)maxVcpus);
        _inside = new int[maxVcpus];
        _stays = new ulong[maxVcpus];
    }

    /// <summary>Flushes of other vCPUs that were in guest. Guarded by: _asking.</summary>
    internal ulong RemoteFlushes { get; private set; }

    /// <summary>Times that a flush was asked for. Guarded by: _asking.</summary>
    internal ulong FlushRequests { get; private set; }

    /// <summary>Lets the gate know of a vCPU, which is outside. Lock held.</summary>
    internal void Add(int vcpu)
    {
        _lines[(ulong)vcpu] = default;
        _count = Math.Max(_count, vcpu + 1);
    }

    /// <summary>A vCPU outside the guest gets a software TLB, or loses it: flushes wait until its own thread has done them. Lock held.</summary>
    internal void SetHoldsPointers(int vcpu, bool holds)
    {
        ref VcpuLine line = ref _lines[(ulong)vcpu];
        _holders += (holds ? 1 : 0) - (int)line.HoldsPointers;
        line.HoldsPointers = holds ? 1U : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _acknowledged.Dispose();
        _arena.Free(_lines);
    }

    // --- On the vCPU's thread

    /// <summary>True while the vCPU is in guest.</summary>
    internal bool IsInside(int vcpu) => HostAtomics.ReadAcquire(ref _lines[(ulong)vcpu].Stay) != Outside;

    /// <summary>Publishes that the vCPU is in guest; false, and it is not, if somebody asks something of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryEnter(int vcpu)
    {
        ref VcpuLine line = ref _lines[(ulong)vcpu];
        _ = HostAtomics.Exchange(ref line.Stay, NextStay(ref line));

        // pairs with FlushAll and Request: the exchange is a full fence.
#if MMU_FAULT_67
        if (line.LastStay != 0)
#else
        if ((HostAtomics.ReadAcquire(ref line.Requests) & Work) == 0)
#endif
        {
            return true;
        }

        Leave(vcpu);
        return false;
    }

    /// <summary>Publishes that the vCPU has left the guest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Leave(int vcpu)
    {
        ref VcpuLine line = ref _lines[(ulong)vcpu];

        // A full fence: pairs with WaitFor, which says that it waits before it looks.
        _ = HostAtomics.Exchange(ref line.Stay, Outside);
        Wake(ref line);
    }

    /// <summary>What others ask of the vCPU; it stays asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal VcpuRequests Peek(int vcpu) => (VcpuRequests)(HostAtomics.ReadAcquire(ref _lines[(ulong)vcpu].Requests) & Work);

    /// <summary>Takes what others ask of the vCPU, at most the given requests.</summary>
    internal VcpuRequests Take(int vcpu, VcpuRequests which)
    {
        uint mask = (uint)which & Work;
        return (VcpuRequests)(HostAtomics.And(ref _lines[(ulong)vcpu].Requests, ~mask) & mask);
    }

    /// <summary>Starts a new stay in guest: whoever waits for the vCPU goes on.</summary>
    internal void Acknowledge(int vcpu)
    {
        ref VcpuLine line = ref _lines[(ulong)vcpu];
        _ = HostAtomics.Exchange(ref line.Stay, NextStay(ref line));
        Wake(ref line);
    }

    /// <summary>
    /// Says that the vCPU's thread is in a call that may read guest memory; false if it is in one already. Plain stores: whoever waits for
    /// calls to end fences for both (<see cref="WaitForCalls"/>).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool BeginCall(int vcpu)
    {
        ref VcpuLine line = ref _lines[(ulong)vcpu];
        uint calls = line.Calls;
        HostAtomics.WriteRelease(ref line.Calls, calls + 1);
        return (calls & 1) == 0;
    }

    /// <summary>Says that the call is over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void EndCall(int vcpu)
    {
        ref VcpuLine line = ref _lines[(ulong)vcpu];
        HostAtomics.WriteRelease(ref line.Calls, line.Calls + 1);
    }

    // --- On any thread

    /// <summary>
    /// Makes every vCPU drop the translations it cached before the call: those in guest now, the others when they enter. Lock held, shared at
    /// least. When it returns no vCPU uses an older translation.
    /// </summary>
    internal void FlushAll()
    {
        lock (_asking)
        {
            FlushRequests++;
            int inside = Ask(VcpuRequests.Flush);
            if (inside == 0)
            {
                return;
            }

            RemoteFlushes++;
            if (_host.Flush(_inside.AsSpan(0, inside), new FlushRange(FlushScope.All, default)))
            {
                inside = Settle(inside);
            }

            KickAndWait(inside);
        }
    }

    /// <summary>
    /// Makes every vCPU with a software TLB empty it, for a change of which no table knows. Lock held. When it returns none of them uses an older
    /// pointer.
    /// </summary>
    internal void FlushPointers()
    {
        if (_holders != 0)
        {
            lock (_asking)
            {
                KickAndWait(Ask(VcpuRequests.Flush, ofHolders: true));
            }
        }
    }

    /// <summary>Has every vCPU let go of obsolete roots before it enters next; those in guest are kicked. Lock held. Does not wait.</summary>
    internal void RequestFreeObsoleteRoots()
    {
        lock (_asking)
        {
            int inside = Ask(VcpuRequests.FreeObsoleteRoots);
            if (inside != 0)
            {
                _host.Kick(_inside.AsSpan(0, inside));
            }
        }
    }

    /// <summary>
    /// Has every vCPU let go of obsolete roots before it enters next, and waits until those in guest have left, or have seen in a poll that they
    /// must. Lock held.
    /// </summary>
    internal void EvictAll()
    {
        lock (_asking)
        {
            KickAndWait(Ask(VcpuRequests.FreeObsoleteRoots));
        }
    }

    /// <summary>
    /// Waits until no vCPU is in a call that it was in before: none of them reads what was unpublished before. MmuLock not held, as such a
    /// call may wait for it.
    /// </summary>
    internal void WaitForCalls()
    {
        HostAtomics.ProcessWideFence();
        for (int vcpu = 0; vcpu < _inside.Length; vcpu++)
        {
            ref VcpuLine line = ref _lines[(ulong)vcpu];
            uint calls = HostAtomics.ReadAcquire(ref line.Calls);
            SpinWait spin = default;
            while ((calls & 1) != 0 && HostAtomics.ReadAcquire(ref line.Calls) == calls)
            {
                spin.SpinOnce();
            }
        }
    }

    // Who is in guest goes to _inside, with the number of its stay.
    private int Ask(VcpuRequests request, bool ofHolders = false)
    {
        // pairs with TryEnter. What the caller changed is visible before any vCPU that is found outside enters.
        HostAtomics.Fence();
        int inside = 0;
#if MMU_FAULT_60
        for (int vcpu = 1; vcpu < _count; vcpu++)
#else
        for (int vcpu = 0; vcpu < _count; vcpu++)
#endif
        {
            ref VcpuLine line = ref _lines[(ulong)vcpu];
            if (ofHolders && line.HoldsPointers == 0)
            {
                continue;
            }

            if ((HostAtomics.ReadAcquire(ref line.Requests) & (uint)request) == 0)
            {
                _ = HostAtomics.Or(ref line.Requests, (uint)request);
            }

            ulong stay = HostAtomics.ReadAcquire(ref line.Stay);
            if (stay != Outside)
            {
                _inside[inside] = vcpu;
                _stays[inside++] = stay;
            }
        }

        return inside;
    }

    // The host has flushed what it keeps: they need not do it again. Only who holds _asking asks for this, so nobody's later wish is lost. A
    // software TLB it cannot reach; who has one remains, and how many these are is returned.
    private int Settle(int inside)
    {
        int left = 0;
        for (int i = 0; i < inside; i++)
        {
            int vcpu = _inside[i];
#if !MMU_FAULT_116
            if (_lines[(ulong)vcpu].HoldsPointers != 0)
            {
                _inside[left] = vcpu;
                _stays[left++] = _stays[i];
                continue;
            }

#endif
            _ = Take(vcpu, VcpuRequests.Flush);
        }

        return left;
    }

    private void KickAndWait(int inside)
    {
        if (inside == 0)
        {
            return;
        }

        _host.Kick(_inside.AsSpan(0, inside));
        for (int i = 0; i < inside; i++)
        {
            WaitFor(ref _lines[(ulong)_inside[i]], _stays[i]);
        }
    }

    private void WaitFor(ref VcpuLine line, ulong stay)
    {
        _ = HostAtomics.Or(ref line.Requests, (uint)VcpuRequests.Awaited);
        while (HostAtomics.ReadAcquire(ref line.Stay) == stay)
        {
            _ = _acknowledged.WaitOne();
        }

        _ = HostAtomics.And(ref line.Requests, ~(uint)VcpuRequests.Awaited);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Wake(ref VcpuLine line)
    {
        if ((HostAtomics.ReadAcquire(ref line.Requests) & (uint)VcpuRequests.Awaited) != 0)
        {
            _ = _acknowledged.Set();
        }
    }

    private static ulong NextStay(ref VcpuLine line) => line.LastStay = (line.LastStay + 2) | 1;
}
