// vCPUs write on threads of their own while the log is harvested; a copy of the memory, made of what is reported, is the judge.
using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.Guest;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.DirtyLog;

public sealed class LogThreadTests : IDisposable
{
    private const ulong Base = 0x20_0000;
    private const int Pages = 600;
    private const int Writes = 4000;
    private const ulong W = 2;

    [ThreadStatic]
    private static int t_vcpu;

    private readonly GuardedPages _memory = new(Pages);
    private readonly TestHost _host = new() { Logs = false };

    public static TheoryData<TdpFormat?> Engines => new(default(TdpFormat?), TdpFormat.Ept, TdpFormat.EptNoAccessedDirty, TdpFormat.Npt);

    [Theory]
    [MemberData(nameof(Engines))]
    internal Task NoStoreThroughOurTablesIsLost(TdpFormat? format) => Play(format, (vm, vcpu, random) =>
    {
        for (int i = 0; i < Writes; i++)
        {
            ulong gpa = Base + ((ulong)random.Next(Pages) << 12) + (ulong)(8 * vcpu.Id);
            while (!TryStore(vm, vcpu, gpa))
            {
                _ = format is null
                    ? vcpu.HandleFault(new FaultRequest(new Gva(gpa), Access.SupervisorWrite, PageFaultCode.None), out _)
                    : vcpu.HandleViolation(new(new(gpa), Access.UserWrite, ViolationFlags.None), out _);
            }
        }
    });

    [Fact]
    public Task NoStoreThroughASoftwareTlbIsLost() => Play(null, (vm, vcpu, random) =>
    {
        SoftTlb tlb = vcpu.SoftTlb;
        for (int i = 0; i < Writes / 8; i++)
        {
            if (vcpu.BeginRun(out RunState _) != RootStatus.Loaded)
            {
                continue;
            }

            for (int j = 0; j < 8; j++)
            {
                Gva gva = new(Base + ((ulong)random.Next(Pages) << 12) + (ulong)(8 * vcpu.Id));
                if (tlb.TryGet(gva, Access.SupervisorWrite, out nuint host))
                {
                    Store(host);
                }
                else if (tlb.Resolve(gva, Access.SupervisorWrite, out WalkResult result) == SoftTlbOutcome.Memory)
                {
                    Store(result.HostAddress);
                }

                _ = vcpu.Poll();
            }

            vcpu.EndRun();
        }
    });

    [Fact]
    public Task NoStoreOfAnEmulatorIsLost() => Play(null, (vm, vcpu, random) =>
    {
        byte[] value = new byte[8];
        for (int i = 0; i < Writes; i++)
        {
            random.NextBytes(value);
            Gpa gpa = new(Base + ((ulong)random.Next(Pages) << 12) + (ulong)(8 * vcpu.Id));
            Assert.True(i % 2 == 0 ? vm.TryWrite(gpa, value) : vcpu.Walker.TryWrite(new Gva(gpa.Value), value, out _));
        }
    });

    public void Dispose() => _memory.Dispose();

    private async Task Play(TdpFormat? format, Action<MmuVm, MmuVcpu, Random> guest)
    {
        using MmuVm vm = MmuVm.Create(
            new MmuVmOptions { TablePages = 1024, MaxVcpus = 2, Tdp = format is { } f ? new TdpOptions { Format = f, HighestPageLevel = 2 } : null }, _host);
        vm.AddSlot(new MemorySlot(new Gpa(Base), (ulong)Pages << 12, _memory.Address));
        MmuVcpu[] vcpus = [vm.CreateVcpu(), vm.CreateVcpu()];

        // Only a vCPU itself can drop what its processor has just looked at: others wait for it.
        _host.OnFlush = (ids, _) => ids.Length == 1 && ids[0] + 1 == t_vcpu;
        byte[] copy = new byte[Pages << 12];
        using DirtyLogSession log = vm.StartDirtyLog(new Gpa(Base));
        using DirtyLogSession once = vm.StartDirtyLog(new Gpa(Base));
        Task[] tasks = [.. vcpus.Select(vcpu => Task.Run(() =>
        {
            t_vcpu = vcpu.Id + 1;
            try
            {
                guest(vm, vcpu, new Random(vcpu.Id));
            }
            finally
            {
                t_vcpu = 0;
            }
        }, TestContext.Current.CancellationToken))];
        ulong[] bitmap = new ulong[log.Words];
        ulong harvested = 0;
        Task all = Task.WhenAll(tasks);
        while (!all.IsCompleted)
        {
            harvested += Look();
        }

        await all.ConfigureAwait(true);
        harvested += Look();
        Assert.True(copy.AsSpan().SequenceEqual(Memory()), "A page was written after its last report.");
        Assert.NotEqual(0UL, harvested);
        Assert.Null(vm.Audit());

        // A consumer that comes once has everything.
        ulong[] everything = new ulong[log.Words];
        _ = once.Harvest(everything);
        for (int page = 0; page < Pages; page++)
        {
            Assert.True((everything[page / 64] & (1UL << (page % 64))) != 0 || !copy.AsSpan(page << 12, 4096).ContainsAnyExcept((byte)0));
        }

        ulong Look()
        {
            ulong dirty = log.Harvest(bitmap);
            for (int page = 0; page < Pages; page++)
            {
                if ((bitmap[page / 64] & (1UL << (page % 64))) != 0)
                {
                    Memory().Slice(page << 12, 4096).CopyTo(copy.AsSpan(page << 12));
                }
            }

            return dirty;
        }
    }

    private unsafe Span<byte> Memory() => new((void*)_memory.Address, Pages << 12);

    private static unsafe void Store(nuint host) => Volatile.Write(ref *(ulong*)host, Volatile.Read(ref *(ulong*)host) + 1);

    // In guest from the look at the entry to the store: who takes W away waits for it.
    private static bool TryStore(MmuVm vm, MmuVcpu vcpu, ulong gpa)
    {
        if (vcpu.BeginRun(out RunState run) != RootStatus.Loaded)
        {
            return false;
        }

        ulong entry = Walk(vm.TableMemory, run, gpa);
        bool may = (entry & W) != 0;
        if (may)
        {
            ulong page = (entry & 0x80) != 0 ? 0x1F_FFFFUL : 0xFFF;
            Store((nuint)((entry & 0x000F_FFFF_FFFF_F000 & ~page) | (gpa & page)));
        }

        vcpu.EndRun();
        return may;
    }

    private static unsafe ulong Walk(TableMemory arena, RunState run, ulong gpa)
    {
        ulong table = run.RootAddress;
        for (int level = run.Levels; ; level--)
        {
            ulong index = level == 3 && run.Levels == 3 ? (gpa >> 30) & 3 : (gpa >> (3 + (9 * level))) & 511;
            ulong entry = Volatile.Read(ref *(ulong*)(arena.HostAddress + (nuint)(table - (arena.FirstFrame.Value << 12) + (8 * index))));
            if (level == 1 || (entry & 7) == 0 || (level == 2 && (entry & 0x80) != 0))
            {
                return (entry & 7) == 0 ? 0 : level == 1 ? entry & ~0x80UL : entry;
            }

            table = entry & 0x000F_FFFF_FFFF_F000;
        }
    }
}
