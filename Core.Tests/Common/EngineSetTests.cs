// What a vCPU does before it enters, in order, and which engine is asked.
using System;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;
using Mmu.Walk;
using Xunit;
using Both = Mmu.Common.EngineSet<Mmu.Tests.Common.RecordingEngine, Mmu.Tests.Common.RecordingEngine>;
using One = Mmu.Common.EngineSet<Mmu.Tests.Common.RecordingEngine, Mmu.Common.NullEngine>;

namespace Mmu.Tests.Common;

public sealed class EngineSetTests : IDisposable
{
    private readonly TestHost _host = new();
    private readonly VmCore _vm;
    private readonly Vcpu _vcpu;
    private One _engines;

    public EngineSetTests()
    {
        PrivateArena arena = new(1 << 20);
        EpochDomain epochs = new(1 + MmuLock.HostReaders);
        _vm = new VmCore
        {
            Number = 0,
            Features = new CpuFeatures(),
            SpteHost = new SpteHost(52),
            Tables = new TableArena(TableBacking.Own(), 8, null, Spte.Empty, 1),
            Private = arena,
            Epochs = epochs,
            Lock = new MmuLock(epochs, 1),
            Gate = new RunGate(arena, 1, _host),
            Host = _host,
            Memories = [new GuestMemory(), new GuestMemory()],
            Slots = [new SlotRecords(), new SlotRecords()],
            TableQuota = 8,
            MaxVcpus = 1,
            NxHugePages = false,
        };
        _vm.Gate.Add(0);
        _vcpu = new Vcpu { Id = 0, Walker = new GuestWalker(_vm.Memories[0], _vm.Features) };
        _engines = new One(new RecordingEngine(_host), default);
        RecordingEngine.Status = RootStatus.Loaded;
    }

    [Theory]
    [InlineData(VcpuRequests.None, "")]
    [InlineData(VcpuRequests.Sync, "sync")]
    [InlineData(VcpuRequests.Sync | VcpuRequests.Flush, "sync; flush 0 All")]
    [InlineData(VcpuRequests.LoadRoot, "load; sync; flush 0 CurrentRoot")]
    [InlineData(VcpuRequests.FreeObsoleteRoots | VcpuRequests.Sync | VcpuRequests.Flush, "free Obsolete; load; sync; flush 0 All")]
    [InlineData(VcpuRequests.FlushPage, "flush 0 Page 0x5000")]
    [InlineData(VcpuRequests.FlushPage | VcpuRequests.FlushCurrent, "flush 0 All")]
    [InlineData(VcpuRequests.FlushPage | VcpuRequests.Flush, "flush 0 All")]
    internal void WhatIsPendingIsDoneInOrder(VcpuRequests pending, string expected)
    {
        _vcpu.Pending = pending;
        _vcpu.FlushAddress = new(0x5000);
        Assert.Equal(RootStatus.Loaded, _engines.DoPending(_vm, _vcpu));
        Assert.Equal(expected, string.Join("; ", _host.Take()));
        Assert.Equal(VcpuRequests.None, _vcpu.Pending);
    }

    [Fact]
    public void WhatOthersAskForIsDoneToo()
    {
        _vm.Gate.FlushAll();
        _vm.Gate.RequestFreeObsoleteRoots();
        Assert.Equal(RootStatus.Loaded, _engines.DoPending(_vm, _vcpu));
        Assert.Equal(["free Obsolete", "load", "sync", "flush 0 All"], _host.Take());
        Assert.Equal(VcpuRequests.None, _vm.Gate.Peek(0));
    }

    [Fact]
    public void WhatCouldNotBeDoneStaysPending()
    {
        RecordingEngine.Status = RootStatus.OutOfPages;
        _vcpu.Pending = VcpuRequests.LoadRoot | VcpuRequests.Flush;
        Assert.Equal(RootStatus.OutOfPages, _engines.DoPending(_vm, _vcpu));
        Assert.Equal(VcpuRequests.LoadRoot | VcpuRequests.Flush, _vcpu.Pending);
        RecordingEngine.Status = RootStatus.Loaded;
        _host.Take();
        Assert.Equal(RootStatus.Loaded, _engines.DoPending(_vm, _vcpu));
        Assert.Equal(["load", "sync", "flush 0 All"], _host.Take());
    }

    [Fact]
    public void AHostThatDoesNotFlushItsOwnVcpuIsTold()
    {
        _host.OnFlush = (_, _) => false;
        _vcpu.Pending = VcpuRequests.Flush;
        Assert.Throws<InvalidOperationException>(() => _engines.DoPending(_vm, _vcpu));
    }

    [Theory]
    [InlineData(ControlActions.UnloadAll, 0x1000, "free All", VcpuRequests.LoadRoot)]
    [InlineData(ControlActions.SwitchRoot, 0x1000, "switch", VcpuRequests.None)]
    [InlineData(ControlActions.SwitchRoot, 0x9000, "switch", VcpuRequests.LoadRoot)]
    [InlineData(ControlActions.FlushGuest, 0x1000, "free Previous", VcpuRequests.Sync | VcpuRequests.Flush)]
    [InlineData(ControlActions.FreePcid, 0x1007, "free pcid 7", VcpuRequests.None)]
    [InlineData(ControlActions.Sync | ControlActions.FlushCurrent, 0x1000, "", VcpuRequests.Sync | VcpuRequests.FlushCurrent)]
    internal void ActionsBecomeCallsAndRequests(ControlActions actions, ulong cr3, string calls, VcpuRequests pending)
    {
        Assert.Equal(ControlStateStatus.Legal, _vcpu.Walker.LoadCr3(cr3));
        _engines.Do(_vcpu, actions);
        Assert.Equal(calls, string.Join("; ", _host.Take()));
        Assert.Equal(pending, _vcpu.Pending);
    }

    [Fact]
    public void WithoutPcidsAnAddressIsInvalidatedInEveryRoot()
    {
        _engines.InvalidatePage(_vcpu, new(0x5000), pcid: 0);
        _engines.InvalidatePcid(_vcpu, 0);
        Assert.Equal(["invalidate page"], _host.Take());
        Assert.Equal(VcpuRequests.Sync | VcpuRequests.FlushCurrent, _vcpu.Pending);
        ControlState state = new() { Cr0 = 0x8001_0001, Cr3 = 0x1003, Cr4 = (1 << 5) | (1 << 17), Efer = 0x500 };
        Assert.Equal(ControlStateStatus.Legal, _vcpu.Walker.SetControlState(state));
        _vcpu.Pending = VcpuRequests.None;
        _engines.InvalidatePage(_vcpu, new(0x5000), pcid: 0);
        _engines.InvalidatePcid(_vcpu, 0);
        Assert.Equal(["invalidate page of 0", "free pcid 0"], _host.Take());
        Assert.Equal(VcpuRequests.None, _vcpu.Pending);
        _engines.InvalidatePcid(_vcpu, 3);
        Assert.Equal(VcpuRequests.Sync | VcpuRequests.FlushCurrent, _vcpu.Pending);
    }

    [Fact]
    public void TheHostIsHeardByBothEnginesAndAVcpuByTheOneOfItsRoot()
    {
        TestHost other = new();
        Both both = new(new RecordingEngine(_host), new RecordingEngine(other));
        FaultResult result = default;
        Assert.Equal(FaultOutcome.Fixed, both.HandleFault(_vcpu, default, ref result));
        Assert.Equal(["fault"], _host.Take());
        Assert.Empty(other.Take());
        _vcpu.RunsOnTdp = true;
        Assert.Equal(FaultOutcome.Fixed, both.HandleFault(_vcpu, default, ref result));
        Assert.Empty(_host.Take());
        Assert.Equal(["fault"], other.Take());
        Assert.Equal(FaultOutcome.Fixed, both.HandleViolation(_vcpu, default, ref result));
        Assert.Equal(["violation"], other.Take());

        both.ZapAll();
        Assert.True(both.Age(shared: false, null!, 0, 1));
        Assert.False(both.Age(shared: true, null!, 0, 1));
        Assert.Equal(["zap all", "age"], _host.Take());
        Assert.Equal(["zap all", "age"], other.Take());
        Assert.Equal(6, both.Shrink(6));
        Assert.Equal(3, both.Shrink(3));
    }

    public void Dispose()
    {
        _vm.Gate.Dispose();
        _vm.Lock.Dispose();
        _vm.Tables.Dispose();
        _vm.Private.Dispose();
    }
}
