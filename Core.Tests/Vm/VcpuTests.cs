// What a vCPU may do when, its registers and its invalidations.
using System;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Vm;

public sealed class VcpuTests : IDisposable
{
    private const ulong LongMode = 0x500;
    private const ulong Paging = 0x8001_0001;
    private const ulong Pae = 1 << 5;
    private const ulong Pcide = 1 << 17;
    private const ulong Keep = 1UL << 63;

    private readonly TestVm _test = new();
    private readonly MmuVcpu _vcpu;

    public VcpuTests()
    {
        _ = _test.AddSlot(0, 64);
        _vcpu = _test.Vm.CreateVcpu();
    }

    [Fact]
    public void InGuestOnlyPollAndEndRunAreAllowed()
    {
        Assert.Throws<InvalidOperationException>(_vcpu.EndRun);
        Assert.Throws<InvalidOperationException>(() => _vcpu.Poll());
        Assert.Equal(RootStatus.Loaded, _vcpu.BeginRun(out RunState state));
        Assert.Equal(3, state.Levels);
        Assert.Throws<InvalidOperationException>(() => _vcpu.BeginRun(out _));
        Assert.Throws<InvalidOperationException>(() => _vcpu.HandleFault(default, out _));
        Assert.Throws<InvalidOperationException>(() => _vcpu.LoadCr3(0));
        Assert.Throws<InvalidOperationException>(() => _vcpu.SetControlState(new ControlState()));
        Assert.Throws<InvalidOperationException>(() => _vcpu.InvalidatePage(default));
        Assert.Throws<InvalidOperationException>(() => _vcpu.GetWalk(default, new ulong[5]));
        Assert.Throws<InvalidOperationException>(_vcpu.Dispose);
        Assert.True(_vcpu.Poll());
        _vcpu.EndRun();
        Assert.Throws<ArgumentException>(() => _vcpu.GetWalk(default, new ulong[4]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AFlushThatTheHostDidNotDoIsOwedAtTheNextEntry(bool throws)
    {
        TestVm.Load(_vcpu);
        using (MmuWriteGuard held = _test.Vm.Core.Lock.Enter())
        {
            _test.Vm.Core.Gate.FlushAll();
        }

        _test.Host.OnFlush = (_, _) => throws ? throw new InvalidOperationException("no") : false;
        Assert.Throws<InvalidOperationException>(() => _vcpu.BeginRun(out _));
        _test.Host.OnFlush = null;
        _ = _test.Host.Take();
        TestVm.Load(_vcpu);
        Assert.Equal([$"flush {_vcpu.Id} All"], _test.Host.Take());
        TestVm.Load(_vcpu);
        Assert.Empty(_test.Host.Take());
    }

    [Fact]
    public void APollDoesTheFlushAndLeavesObsoleteRootsForTheNextEntry()
    {
        Assert.Equal(RootStatus.Loaded, _vcpu.BeginRun(out _));
        _test.Host.OnFlush = (_, _) => false;
        using ManualResetEventSlim kicked = new();
        _test.Host.OnKick = _ => kicked.Set();
        Thread other = new(() =>
        {
            using MmuWriteGuard held = _test.Vm.Core.Lock.Enter();
            _test.Vm.Core.Gate.FlushAll();
        });
        other.Start();
        kicked.Wait(TestContext.Current.CancellationToken);
        _test.Host.OnFlush = null;
        Assert.True(_vcpu.Poll());
        other.Join();
        using (MmuWriteGuard held = _test.Vm.Core.Lock.Enter())
        {
            _test.Vm.Core.Gate.RequestFreeObsoleteRoots();
        }

        Assert.False(_vcpu.Poll());
        Assert.False(_vcpu.Poll());
        _vcpu.EndRun();
        Assert.Equal(RootStatus.Loaded, _vcpu.BeginRun(out _));
        Assert.True(_vcpu.Poll());
        _vcpu.EndRun();
    }

    [Fact]
    public void IllegalRegistersChangeNothing()
    {
        ControlState state = Enter(Pae);
        Assert.Equal(ControlStateStatus.ShadowStacksUnsupported, _vcpu.SetControlState(state with { Cr4 = Pae | (1 << 23) }));
        Assert.Equal(ControlStateStatus.IllegalCombination, _vcpu.SetControlState(state with { Cr4 = 0 }));
        Assert.Equal(ControlStateStatus.Cr3Reserved, _vcpu.LoadCr3(1UL << 52));
        Assert.Equal(ControlStateStatus.Cr3Reserved, _vcpu.LoadCr3(0x2000 | Keep));
        Assert.Equal(state, _vcpu.Walker.ControlState);
        Assert.Equal(RootStatus.Loaded, _vcpu.BeginRun(out RunState run));
        Assert.Equal(4, run.Levels);
        _vcpu.EndRun();
    }

    [Fact]
    public void LoadCr3ChangesWhatIsWalked()
    {
        _ = Enter(Pae | Pcide);
        Assert.True(_test.Vm.TryWrite(new Gpa(0x2000), BitConverter.GetBytes(0x3067UL)));
        Assert.True(_test.Vm.TryWrite(new Gpa(0x3000), BitConverter.GetBytes(0x4067UL)));
        Assert.True(_test.Vm.TryWrite(new Gpa(0x4000), BitConverter.GetBytes(0x5067UL)));
        Assert.True(_test.Vm.TryWrite(new Gpa(0x5000), BitConverter.GetBytes(0x6067UL)));
        Assert.False(_vcpu.Walker.Translate(new Gva(0x10), Access.SupervisorRead, out _));
        Assert.Equal(ControlStateStatus.Legal, _vcpu.LoadCr3(0x2000 | 5 | Keep));
        Assert.True(_vcpu.Walker.Translate(new Gva(0x10), Access.SupervisorRead, out WalkResult result));
        Assert.Equal(0x6010UL, result.Gpa.Value);
        Assert.Equal(0x2005UL, _vcpu.Walker.ControlState.Cr3);

        // LAM bits change masking too.
        Assert.Equal(ControlStateStatus.Legal, _vcpu.LoadCr3(0x2005 | (1UL << 61)));
        Assert.True(_vcpu.Walker.Translate(new Gva(0x10 | (1UL << 62)), Access.UserRead, out result));
    }

    [Fact]
    public void PdpteRegistersAreLoadedWithEveryCr3()
    {
        ControlState state = new() { Cr0 = Paging, Cr3 = 0x1000, Cr4 = Pae };
        Assert.Equal(ControlStateStatus.Legal, _vcpu.SetControlState(state));
        Assert.True(_test.Vm.TryWrite(new Gpa(0x1000), BitConverter.GetBytes(0x2003UL)));
        Assert.Equal(ControlStateStatus.PdpteReserved, _vcpu.LoadCr3(0x1000));
        Assert.True(_test.Vm.TryWrite(new Gpa(0x1000), BitConverter.GetBytes(0x2001UL)));
        Assert.Equal(ControlStateStatus.Legal, _vcpu.LoadCr3(0x1000));
        Assert.Equal(0x2001UL, _vcpu.Walker.Pdptes[0]);
        TestVm.Load(_vcpu);
        Assert.Equal(ControlStateStatus.PdptesUnreachable, _vcpu.LoadCr3(0x4000_0000));
        Assert.Equal(0x1000UL, _vcpu.Walker.ControlState.Cr3);
    }

    [Theory]
    [InlineData(0, 0, 0, InvalidateStatus.Done)]
    [InlineData(0, 1, 0, InvalidateStatus.GeneralProtection)]
    [InlineData(0, 0, 1UL << 60, InvalidateStatus.GeneralProtection)]
    [InlineData(1, 0, 1UL << 60, InvalidateStatus.Done)]
    [InlineData(1, 1, 0, InvalidateStatus.GeneralProtection)]
    [InlineData(2, 1, 0, InvalidateStatus.Done)]
    [InlineData(3, 1, 0, InvalidateStatus.Done)]
    [InlineData(2, 0x1000, 0, InvalidateStatus.GeneralProtection)]
    [InlineData(4, 0, 0, InvalidateStatus.GeneralProtection)]
    [InlineData(ulong.MaxValue, 0, 0, InvalidateStatus.GeneralProtection)]
    public void InvpcidChecksItsOperands(ulong type, ulong descriptor, ulong address, InvalidateStatus expected)
    {
        _ = Enter(Pae);
        Assert.Equal(expected, _vcpu.InvalidatePcid(type, descriptor, new Gva(address)));
        TestVm.Load(_vcpu);

        // With PCIDs every 12-bit one is legal.
        _ = Enter(Pae | Pcide);
        Assert.Equal(
            descriptor < 0x1000 && type < 4 && (type > 0 || address == 0) ? InvalidateStatus.Done : InvalidateStatus.GeneralProtection,
            _vcpu.InvalidatePcid(type, descriptor, new Gva(address)));
        TestVm.Load(_vcpu);
    }

    /// <summary>Bug 15: an invalidation with paging off found no function to call.</summary>
    [Fact]
    public void InvalidationsAreDefinedWithPagingOff()
    {
        TestVm.Load(_vcpu);
        _ = TestVm.Fault(_vcpu, 0x3000);
        for (ulong type = 0; type < 4; type++)
        {
            Assert.Equal(InvalidateStatus.Done, _vcpu.InvalidatePcid(type, 0, new Gva(0x3000)));
            TestVm.Load(_vcpu);
        }

        _vcpu.InvalidatePage(new Gva(0x3000));
        TestVm.Load(_vcpu);
        Assert.Null(_test.Vm.Audit());
    }

    [Fact]
    public void AnInvlpgOfANonCanonicalAddressDoesNothing()
    {
        _ = Enter(Pae);
        TestVm.Load(_vcpu);
        _test.Host.Take();
        _vcpu.InvalidatePage(new Gva(1UL << 60));
        TestVm.Load(_vcpu);
        Assert.Empty(_test.Host.Take());
        _vcpu.InvalidatePage(new Gva(0x7000));
        TestVm.Load(_vcpu);
        Assert.Equal(["flush 0 Page 0x7000"], _test.Host.Take());
        _vcpu.InvalidatePage(new Gva(0x7000));
        _vcpu.InvalidatePage(new Gva(0x8000));
        TestVm.Load(_vcpu);
        Assert.Equal(["flush 0 All"], _test.Host.Take());
    }

    [Fact]
    public void ClearingPcideFlushesEverything()
    {
        ControlState state = Enter(Pae | Pcide);
        TestVm.Load(_vcpu);
        _test.Host.Take();
        Assert.Equal(ControlStateStatus.Legal, _vcpu.SetControlState(state with { Cr4 = Pae }));
        TestVm.Load(_vcpu);
        Assert.Contains("flush 0 All", _test.Host.Take());
    }

    [Fact]
    public void SystemManagementModeSeesTheOtherAddressSpace()
    {
        _ = _test.AddSlot(0x50_0000, 4, addressSpace: 1);
        Assert.False(_vcpu.InSystemManagement);
        Assert.True(_vcpu.Walker.Translate(new Gva(0x50_0000), Access.SupervisorRead, out WalkResult result));
        Assert.Equal((nuint)0, result.HostAddress);
        _vcpu.SetSystemManagement(true);
        _vcpu.SetSystemManagement(true);
        Assert.True(_vcpu.Walker.Translate(new Gva(0x50_0000), Access.SupervisorRead, out result));
        Assert.NotEqual((nuint)0, result.HostAddress);
        TestVm.Load(_vcpu);
        _vcpu.SetSystemManagement(false);
        TestVm.Load(_vcpu);
        Assert.Null(_test.Vm.Audit());
    }

    [Fact]
    public void WritesAreTrackedAndAnnounced()
    {
        Assert.Throws<ArgumentException>(() => _test.Vm.UntrackWrites(new Gpa(0x3000)));
        Assert.Throws<ArgumentException>(() => _test.Vm.TrackWrites(new Gpa(0x50_0000)));
        _test.Vm.TrackWrites(new Gpa(0x3000));
        _test.Vm.UntrackWrites(new Gpa(0x3123));
        _test.Vm.GuestWrote(new Gpa(0x3FFE), 8);
        Assert.Throws<ArgumentOutOfRangeException>(() => _test.Vm.GuestWrote(new Gpa(0), -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _test.Vm.Shrink(-1));
        Assert.Throws<ArgumentException>(() => _test.Vm.UnmapRange(new Gpa(1), 4096));
        Assert.Throws<ArgumentException>(() => _test.Vm.UnmapRange(new Gpa(0), MmuVm.GuestAddressLimit + 4096));
        _test.Vm.UnmapRange(new Gpa(0), MmuVm.GuestAddressLimit);
        Assert.Null(_test.Vm.Audit());
    }

    [Fact]
    public void EntriesExitsAndRegisterLoadsDoNotAllocate()
    {
        _ = Enter(Pae | Pcide);
        _test.Host.Logs = false;
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (ulong i = 0; i < 100; i++)
            {
                _ = _vcpu.BeginRun(out _);
                _ = _vcpu.Poll();
                _vcpu.EndRun();
                _ = _vcpu.LoadCr3(0x1000 | (i & 3) | (i % 3 == 0 ? Keep : 0));
                _vcpu.InvalidatePage(new Gva(0x5000));
                _ = _vcpu.InvalidatePcid(i & 3, 1, new Gva(0x5000));
                _ = _vcpu.BeginRun(out _);
                _vcpu.EndRun();
                _ = _vcpu.HandleFault(new FaultRequest(new Gva(0x5000), Access.SupervisorRead, PageFaultCode.None), out _);
                _test.Vm.ZapAll();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

#if DEBUG
    [Fact]
    public void ACallbackThatCallsBackThrows()
    {
        Exception? thrown = null;
        _test.Host.OnFlush = (_, _) =>
        {
            thrown = Record.Exception(() => _test.Vm.ZapAll());
            return true;
        };
        TestVm.Load(_vcpu);
        Assert.IsType<InvalidOperationException>(thrown);
    }

    [Fact]
    public void AThreadInGuestMayNotCallTheVmAndAnotherMayNotEndItsRun()
    {
        Assert.Equal(RootStatus.Loaded, _vcpu.BeginRun(out _));
        Assert.Throws<InvalidOperationException>(_test.Vm.ZapAll);
        Exception? thrown = null;
        Thread other = new(() => thrown = Record.Exception(_vcpu.EndRun));
        other.Start();
        other.Join();
        Assert.IsType<InvalidOperationException>(thrown);
        _vcpu.EndRun();
    }
#endif

    public void Dispose()
    {
        _vcpu.Dispose();
        _test.Dispose();
    }

    private ControlState Enter(ulong cr4)
    {
        ControlState state = new() { Cr0 = Paging, Cr3 = 0x1000, Cr4 = cr4, Efer = LongMode };
        Assert.Equal(ControlStateStatus.Legal, _vcpu.SetControlState(state));
        return state;
    }
}
