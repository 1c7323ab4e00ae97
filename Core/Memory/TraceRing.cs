// Memory: a trace in memory of the caller's.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Diagnostics;

namespace Mmu.Memory;

/// <summary>
/// The latest events of one or more VMs (<c>MmuVm.Trace</c>), in memory that the caller supplies: writing one allocates nothing and takes no lock. See docs/insight.md.
/// </summary>
/// <remarks>Any number of threads write and read. Nothing that stands in the memory is trusted.</remarks>
public sealed class TraceRing
{
    private const ulong Writing = ulong.MaxValue;
    private const int Patience = 100;

    private readonly ArenaArray<TraceEvent> _events;
    private readonly ulong _mask;

    // atomic: HostAtomics
    private ulong _count;

    /// <summary>Makes a ring in memory that is all 0 and stays valid as long as a VM has the ring.</summary>
    /// <param name="address">Where the memory lies; a multiple of 8, not 0.</param>
    /// <param name="entries">How many events of <see cref="TraceEvent.Bytes"/> it holds: a power of two, at least 2.</param>
    /// <exception cref="ArgumentException">The address or the number is illegal.</exception>
    public TraceRing(nuint address, int entries)
    {
        if (address == 0 || address % sizeof(ulong) != 0)
        {
            throw new ArgumentException($"The ring's address 0x{address:x} is not a positive multiple of 8.", nameof(address));
        }

        if (entries < 2 || !BitOperations.IsPow2(entries))
        {
            throw new ArgumentException($"A ring has a power of two of entries, at least 2, not {entries}.", nameof(entries));
        }

        _events = new ArenaArray<TraceEvent>(address, (ulong)entries);
        _mask = (ulong)entries - 1;
    }

    /// <summary>How many events it holds.</summary>
    public int Entries => (int)_mask + 1;

    /// <summary>How many events were written; the next has this number.</summary>
    public ulong Count => HostAtomics.ReadAcquire(ref _count);

    /// <summary>Reads an event.</summary>
    /// <param name="number">Its number, from 0 on.</param>
    /// <param name="read">The event.</param>
    /// <returns>False if it was overwritten, or is not complete yet.</returns>
    public bool TryRead(ulong number, out TraceEvent read)
    {
        ref TraceEvent at = ref _events[number & _mask];
        ulong before = HostAtomics.ReadAcquire(ref at.Stamp);
        SchedulePoint.At(SchedulePointKind.TraceRead);
        read = at;
        HostAtomics.Fence();
#if MMU_FAULT_190
        bool same = before != 0 && before == number + 1;
#else
        bool same = before != 0 && before == number + 1 && HostAtomics.ReadAcquire(ref at.Stamp) == before;
#endif
        read.Stamp = before;
        return same && read.PointBits < (uint)TracePoints.Count;
    }

    /// <summary>Adds an event.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void Write(
        TracePoint point, ulong first, ulong second = 0, ulong third = 0, ulong fourth = 0, ulong fifth = 0, ulong sixth = 0, int vcpu = -1)
    {
        ulong stamp = HostAtomics.Add(ref _count, 1);
        ref TraceEvent at = ref _events[(stamp - 1) & _mask];

        // Who is overtaken by a whole round is waited for, a while: nobody reads half of one event and half of another.
        SpinWait spin = default;
        while (HostAtomics.Exchange(ref at.Stamp, Writing) == Writing && spin.Count < Patience)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        at.PointBits = (uint)point;
        at.VcpuBits = vcpu;
        at.Fields[0] = first;
        at.Fields[1] = second;
        at.Fields[2] = third;
        at.Fields[3] = fourth;
        at.Fields[4] = fifth;
        at.Fields[5] = sixth;
        HostAtomics.WriteRelease(ref at.Stamp, stamp);
    }
}
