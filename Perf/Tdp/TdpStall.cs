// Perf: how long a fault waits while the host changes much.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Perf.Shadow;
using Mmu.Vm;

namespace Mmu.Perf.Tdp;

/// <summary>
/// A vCPU faults on one page after the other while another thread changes 16 GiB elsewhere in the guest. Where nobody changes anything stands what the
/// machine itself does to the longest fault.
/// </summary>
internal sealed unsafe class TdpStall(TdpFormat format) : IDisposable
{
    private const ulong GiB = 1 << 30;
    private const ulong PageBytes = 4096;
    private const ulong Changed = 16 * GiB;
    private const int Faults = 2 << 18;

    // One frame off, so that these pages are mapped singly.
    private const ulong FirstFrame = 1 << 24;
    private const ulong OtherFrame = (1 << 25) + 1;

    private readonly GuestRegion _region = new(Changed + (Faults * PageBytes));

    /// <summary>Measures each change.</summary>
    public IEnumerable<TdpStallRow> Measure()
    {
        yield return One("nothing", split: false, _ => Thread.Sleep(20));
        yield return One("split 16 GiB into 4 KiB", split: false, vm => vm.SplitHugePages(new Gpa(0), Changed));
        yield return One("write-protect 16 GiB of 4-KiB pages", split: true, vm => vm.WriteProtect(new Gpa(0), Changed));
        yield return One("put huge pages back in 16 GiB", split: true, vm => vm.ZapCollapsible(new Gpa(0), Changed));
        yield return One("unmap 16 GiB of 4-KiB pages", split: true, vm => vm.UnmapRange(new Gpa(0), Changed));
        yield return One("zap all, and take 16 GiB apart", split: true, ZapAll);
    }

    public void Dispose() => _region.Dispose();

    private static void ZapAll(MmuVm vm)
    {
        vm.ZapAll();
        while (vm.ReclaimObsolete())
        {
        }
    }

    private TdpStallRow One(string what, bool split, Action<MmuVm> change)
    {
        using MmuVm vm = MmuVm.Create(
            new MmuVmOptions
            {
                Features = new CpuFeatures { PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits },
                TablePages = 1 << 15,
                MaxVcpus = 2,
                Tdp = new TdpOptions { Format = format },
            },
            new QuietHost());
        TablePages.Touch(vm);
        vm.AddSlot(new MemorySlot(new Gpa(0), Changed, (nuint)_region.Memory) { HostFrame = new Pfn(FirstFrame) });
        vm.AddSlot(new MemorySlot(new Gpa(Changed), Faults * PageBytes, unchecked((nuint)_region.Memory + (nuint)Changed)) { HostFrame = new Pfn(OtherFrame) });
        MmuVcpu vcpu = vm.CreateVcpu();
        Enter(vcpu);
        for (ulong gpa = 0; gpa < Changed; gpa += GiB)
        {
            _ = Fault(vcpu, gpa);
        }

        if (split && !vm.SplitHugePages(new Gpa(0), Changed))
        {
            throw new InvalidOperationException("The arena is too small for the guest.");
        }

        // Not the first faults: these are compiled meanwhile.
        double[] times = new double[Faults];
        using Barrier start = new(2);
        double changed = 0;
        Thread host = new(() =>
        {
            start.SignalAndWait();
            long begin = Stopwatch.GetTimestamp();
            change(vm);
            changed = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        });
        host.Start();
        start.SignalAndWait();
        int count = 0;
        for (; count < Faults && (host.IsAlive || count < Faults / 8); count++)
        {
            times[count] = Fault(vcpu, Changed + ((ulong)count * PageBytes));
        }

        host.Join();
        double[] sorted = [.. times.Take(count).Order()];
        return new TdpStallRow(what, changed, count, sorted[count / 2], sorted[(int)(count * 0.999)] / 1000, sorted[^1] / 1000);
    }

    // Nanoseconds until the page is mapped, entries of the guest in between included.
    private static double Fault(MmuVcpu vcpu, ulong gpa)
    {
        long begin = Stopwatch.GetTimestamp();
        while (vcpu.HandleViolation(new ViolationRequest(new Gpa(gpa), Access.UserWrite, ViolationFlags.None), out _) == FaultOutcome.Retry)
        {
            Enter(vcpu);
        }

        return (Stopwatch.GetTimestamp() - begin) * (1e9 / Stopwatch.Frequency);
    }

    private static void Enter(MmuVcpu vcpu)
    {
        if (vcpu.BeginRun(out _) == RootStatus.Loaded)
        {
            vcpu.EndRun();
        }
    }
}
