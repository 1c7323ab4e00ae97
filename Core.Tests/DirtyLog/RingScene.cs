// Dirty log tests: an unpaged guest with rings.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.Guest;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.DirtyLog;

/// <summary>One vCPU with paging off, on one slot of <see cref="Pages"/> pages from <see cref="Data"/> on.</summary>
internal sealed class RingScene : IDisposable
{
    internal const ulong Data = 0x10_0000;
    internal const int Pages = 300;

    private readonly GuardedPages _memory = new(Pages);

    internal RingScene()
    {
        Vm = MmuVm.Create(new MmuVmOptions { TablePages = 256, MaxVcpus = 2, DirtyRingEntries = 128 }, Host);
        Vm.AddSlot(new MemorySlot(new Gpa(Data), (ulong)Pages << 12, _memory.Address));
        Vcpu = Vm.CreateVcpu();
    }

    internal TestHost Host { get; } = new();

    internal MmuVm Vm { get; }

    internal MmuVcpu Vcpu { get; }

    internal DirtyRing Ring => Vcpu.DirtyRing!;

    internal DirtyLogSession Start() => Vm.StartDirtyLog(new Gpa(Data), new DirtyLogOptions { UseRings = true });

    /// <summary>What the guest does to write a page: faults, unless it may already.</summary>
    internal void Write(ulong page)
    {
        Assert.Equal(RootStatus.Loaded, Vcpu.BeginRun(out _));
        Vcpu.EndRun();
        if (!Allows(page))
        {
            FaultRequest fault = new(new Gva(Data + (page << 12)), Access.SupervisorWrite, PageFaultCode.None);
            Assert.Equal(FaultOutcome.Fixed, Vcpu.HandleFault(fault, out _));
        }
    }

    /// <summary>True if our tables let a page be written.</summary>
    internal bool Allows(ulong page)
    {
        ulong[] walk = new ulong[5];
        int count = Vcpu.GetWalk(new Gva(Data + (page << 12)), walk);
        return count == 3 && (walk[2] & 3) == 3;
    }

    internal List<(uint Slot, ulong Page)> Take()
    {
        List<(uint, ulong)> taken = [];
        while (Ring.TryTake(out DirtyRingEntry entry))
        {
            taken.Add((entry.Slot, entry.Page));
        }

        return taken;
    }

    public void Dispose()
    {
        Assert.Null(Vm.Audit());
        Vm.Dispose();
        _memory.Dispose();
    }
}
