// A VM for tests, with a software client's host.
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

namespace Mmu.Tests.Vm;

internal sealed class TestVm : IDisposable
{
    private readonly List<GuardedPages> _memory = [];

    internal TestVm(uint tablePages = 256) =>
        Vm = MmuVm.CreateWithAnyEngine(new MmuVmOptions { TablePages = tablePages, MaxVcpus = 4 }, Host);

    internal TestHost Host { get; } = new();

    internal MmuVm Vm { get; }

    internal GuardedPages AddSlot(ulong gpa, int pages, SlotFlags flags = SlotFlags.None, int addressSpace = 0)
    {
        GuardedPages memory = new(pages);
        _memory.Add(memory);
        Vm.AddSlot(new MemorySlot(new Gpa(gpa), (ulong)pages * 4096, memory.Address, flags), addressSpace);
        return memory;
    }

    /// <summary>Enters the guest and leaves, so that its root is loaded.</summary>
    internal static void Load(MmuVcpu vcpu)
    {
        Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out _));
        vcpu.EndRun();
    }

    internal static FaultOutcome Fault(MmuVcpu vcpu, ulong address, AccessKind kind = AccessKind.Write, PageFaultCode code = PageFaultCode.None)
    {
        Load(vcpu);
        return vcpu.HandleFault(new FaultRequest(new Gva(address), new Access(kind), code), out _);
    }

    public void Dispose()
    {
        Vm.Dispose();
        Assert.Equal(0U, Vm.Core.Tables.OutstandingPages);
        foreach (GuardedPages memory in _memory)
        {
            memory.Dispose();
        }
    }
}
