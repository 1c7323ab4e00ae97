// Shadow judge: a vCPU that runs its guest on a thread of its own.
using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

internal sealed unsafe class ThreadedVcpu(int id, HostFrames host)
{
    private const int QuickFaults = 50;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private bool _isInGuest;

    internal bool Kicked;

    internal int Id => id;

    internal ModelCpu Cpu { get; } = new(host, new SeededRandom((ulong)id + 1));

    internal SeededRandom Random { get; } = new((ulong)id + 77);

    internal int Thread { get; set; }

    internal MmuVcpu Vcpu { get; set; } = null!;

    internal MmuVm Vm { get; set; } = null!;

    internal long Accesses { get; private set; }

    internal long Faults { get; private set; }

    /// <summary>An access by the guest's kernel; a write stores a value of 8 bytes. The host physical address reached, or 0 for a device's.</summary>
    internal ulong Access(ulong linear, bool write, ulong value)
    {
        OracleAccess access = new(write ? OracleKind.Write : OracleKind.Read);
        Stopwatch? slow = null;
        for (int faults = 0; slow is null || slow.Elapsed < _patience; faults++)
        {
            if (faults > QuickFaults)
            {
                // While the host unmaps the page every fault is to be tried again; let it get on.
                slow ??= Stopwatch.StartNew();
                System.Threading.Thread.Yield();
            }

            if (!TryEnter())
            {
                MakeRoom();
                continue;
            }

            HardwareOutcome outcome = Cpu.Access(linear, access);
            if (!outcome.Faults)
            {
                Accesses++;
                return Reach(outcome.Page.PhysicalOf(linear), write, value);
            }

            Faults++;
            Leave();
            FaultRequest request = new(new Gva(linear), AccessRunner.ToCore(access), (PageFaultCode)outcome.Code);
            switch (Vcpu.HandleFault(request, out FaultResult result))
            {
                case FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry:
                    break;
                case FaultOutcome.Mmio:
                    return 0;
                case FaultOutcome.WriteProtected:
                    Emulate(result.Gpa, value);
                    return ulong.MaxValue;
                case FaultOutcome.OutOfPages:
                    MakeRoom();
                    break;
                case FaultOutcome other:
                    throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{access} at {linear:x} was answered {other}: {result.Walk}."));
            }
        }

        throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{access} at {linear:x} gets no further."));
    }

    internal void Invalidate(ulong linear)
    {
        Leave();
        Vcpu.InvalidatePage(new Gva(linear));
    }

    internal void LoadCr3(ulong value)
    {
        Leave();
        _ = Vcpu.LoadCr3(value);
    }

    internal void Leave()
    {
        if (_isInGuest)
        {
            _isInGuest = false;
            Cpu.LeaveGuest();
            Vcpu.EndRun();
        }
    }

    private bool TryEnter()
    {
        if (_isInGuest && Volatile.Read(ref Kicked))
        {
            Volatile.Write(ref Kicked, value: false);
            if (Random.Next(2) == 0 || !Vcpu.Poll())
            {
                Leave();
            }
        }

        if (!_isInGuest)
        {
            Volatile.Write(ref Kicked, value: false);
            if (Vcpu.BeginRun(out RunState run) != RootStatus.Loaded)
            {
                return false;
            }

            _isInGuest = true;
            Cpu.LoadRoot(run.RootAddress, OracleMode.Level4);
        }

        return true;
    }

    // In guest still: whoever takes the memory away waits for this vCPU, so that it must be the guest's now.
    private ulong Reach(ulong physical, bool write, ulong value)
    {
        if (!host.TryFind(physical >> 12, out HostRange? range) || range.Use != HostUse.Ram)
        {
            throw new JudgeException($"vCPU {id} reached {physical:x}, which is no memory of a slot.");
        }

        if (range.IsRevoked(physical >> 12))
        {
            throw new JudgeException($"vCPU {id} reached {physical:x} after it was taken away.");
        }

        if (write)
        {
            Volatile.Write(ref *(ulong*)(range.AddressOf(physical >> 12) + (nuint)(physical & 0xFFF)), value);
        }

        return physical;
    }

    private void Emulate(Gpa gpa, ulong value) =>
        _ = Vm.TryWrite(gpa, System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value)));

    private void MakeRoom()
    {
        Leave();
        _ = Vm.Shrink(4);
        _ = Vm.ReclaimObsolete();
        System.Threading.Thread.Yield();
    }
}
