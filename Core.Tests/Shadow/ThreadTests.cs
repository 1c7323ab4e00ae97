// Shadow judge: several threads at once: vCPUs that fault, one that changes slots, one that unmaps, ages and reclaims. MMU_LONG=1 runs a minute.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using Mmu.Addressing;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Xunit;

namespace Mmu.Tests.Shadow;

public sealed class ThreadTests(ITestOutputHelper output)
{
    private const byte Canary = 0xA5;
    private readonly ConcurrentQueue<Exception> _failures = new();
    private bool _stop;

    private static TimeSpan Duration => TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 } ? 30 : 1.5);

    [Theory]
    [InlineData(2, 512u)]
    [InlineData(2, 32u)]
    public void NothingIsReachedAfterItWasTakenAway(int vcpus, uint tablePages)
    {
        using ThreadedVm vm = new(vcpus, tablePages);
        List<Thread> threads = [.. vm.Vcpus.Select(vcpu => Start(() => RunGuest(vcpu))), Start(() => ChangeSlots(vm)), Start(() => Disturb(vm))];
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < Duration && _failures.IsEmpty)
        {
            Thread.Sleep(20);
        }

        Volatile.Write(ref _stop, value: true);
        bool ended = threads.TrueForAll(thread => thread.Join(TimeSpan.FromSeconds(30)));
        Assert.True(_failures.IsEmpty, string.Join("\n", _failures));
        Assert.True(ended, "A thread hangs.");
        Assert.Null(vm.Vm.Audit());
        string line = string.Create(CultureInfo.InvariantCulture,
            $"{vm.Vcpus.Sum(vcpu => vcpu.Accesses)} accesses, {vm.Vcpus.Sum(vcpu => vcpu.Faults)} faults, {vm.Vm.GetStatistics()}");
        output.WriteLine(line);
    }

    private Thread Start(Action action)
    {
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _failures.Enqueue(e);
                Volatile.Write(ref _stop, value: true);
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        return thread;
    }

    private void RunGuest(ThreadedVcpu vcpu)
    {
        vcpu.Thread = Environment.CurrentManagedThreadId;
        SeededRandom random = vcpu.Random;
        try
        {
            while (!Volatile.Read(ref _stop))
            {
                int page = random.Next(16);
                bool write = random.Next(2) == 0;
                switch (random.Next(12))
                {
                    case < 3:
                        Expect(vcpu, ThreadedVm.Plain(page), write, ThreadedVm.PlainPhysical(page));
                        break;
                    case < 6:
                        _ = vcpu.Access(ThreadedVm.Hot(page) + 8, write, 1);
                        break;
                    case < 9:
                        _ = vcpu.Access(ThreadedVm.Demand(page) + 8, write, 1);
                        break;
                    case < 11:
                        ChangeOwnEntry(vcpu, page, random.Next(ThreadedVm.PlainPages));
                        break;
                    default:
                        vcpu.LoadCr3(ThreadedVm.Root << 12);
                        break;
                }
            }
        }
        finally
        {
            vcpu.Leave();
        }
    }

    // Nobody else changes this entry: once it is stored and invalidated only the new page may be reached.
    private static void ChangeOwnEntry(ThreadedVcpu vcpu, int page, int target)
    {
        ulong linear = ThreadedVm.Own(vcpu.Id, page);
        _ = vcpu.Access(linear, write: false, 0);
        _ = vcpu.Access(ThreadedVm.OwnEntry(vcpu.Id, page), write: true, ThreadedVm.PlainEntry(target));
        vcpu.Invalidate(linear);
        Expect(vcpu, linear, write: true, ThreadedVm.PlainPhysical(target));
    }

    private static void Expect(ThreadedVcpu vcpu, ulong linear, bool write, ulong physical)
    {
        ulong reached = vcpu.Access(linear, write, 1);
        if (reached != physical && reached != ulong.MaxValue)
        {
            throw new JudgeException($"vCPU {vcpu.Id} reached {reached:x} at {linear:x}, not {physical:x}.");
        }
    }

    private void ChangeSlots(ThreadedVm vm)
    {
        while (!Volatile.Read(ref _stop))
        {
            vm.Vm.RemoveSlot(new Gpa(ThreadedVm.HotFrame << 12));
            vm.HotRange.IsGone = true;
            vm.HotBytes.Fill(Canary);
            Thread.Sleep(1);
            if (vm.HotBytes.IndexOfAnyExcept(Canary) is >= 0 and int at)
            {
                throw new JudgeException($"Memory of a removed slot was written at {at:x}.");
            }

            vm.HotRange.IsGone = false;
            vm.Vm.AddSlot(vm.HotSlot);
            Thread.Sleep(1);
        }
    }

    private void Disturb(ThreadedVm vm)
    {
        SeededRandom random = new(5);
        Gpa demand = new(ThreadedVm.DemandFrame << 12);
        while (!Volatile.Read(ref _stop))
        {
            int page = random.Next(ThreadedVm.DemandPages);
            Gpa one = new(demand.Value + ((ulong)page << 12));
            switch (random.Next(12))
            {
                case < 6:
                    if (vm.DemandRange.TryMove(page))
                    {
                        vm.Vm.UnmapRange(one, 4096);
                        vm.DemandRange.Revoke(page);
                    }

                    break;
                case < 8:
                    _ = vm.Vm.Age(demand, ThreadedVm.DemandPages << 12);
                    break;
                case 8:
                    vm.Vm.WriteProtect(default, ThreadedVm.RamPages << 12);
                    break;
                case 9:
                    _ = vm.Vm.Shrink(1 + random.Next(6));
                    break;
                case 10:
                    _ = vm.Vm.ReclaimObsolete();
                    break;
                default:
                    vm.Vm.ZapAll();
                    break;
            }

            Thread.Yield();
        }
    }
}
