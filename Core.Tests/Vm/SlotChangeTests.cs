// Slots that come, go and move under a VM.
using System;
using System.Linq;
using System.Threading;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Guest;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Vm;

public sealed class SlotChangeTests : IDisposable
{
    private readonly TestVm _test = new();

    private MmuVm Vm => _test.Vm;

    [Fact]
    public void SlotsAreSeenByWalkersAndEnginesTogether()
    {
        GuardedPages memory = _test.AddSlot(0x10_0000, 4);
        Assert.True(Vm.TryWrite(new Gpa(0x10_0FFE), [1, 2, 3, 4]));
        Assert.Equal([1, 2, 3, 4], memory.Bytes.Slice(0xFFE, 4).ToArray());
        byte[] read = new byte[4];
        Assert.True(Vm.TryRead(new Gpa(0x10_0FFE), read));
        Assert.Equal([1, 2, 3, 4], read);
        Assert.False(Vm.TryRead(new Gpa(0x10_0FFE), read, addressSpace: 1));
        Assert.NotNull(Vm.Core.Slots[0].Find(0x103));
        Vm.RemoveSlot(new Gpa(0x10_0000));
        Assert.False(Vm.TryRead(new Gpa(0x10_0FFE), read));
        Assert.Null(Vm.Core.Slots[0].Find(0x103));
        Assert.Null(Vm.Audit());
    }

    [Fact]
    public void NumbersOfSlotsAreTheLowestFreeOfBothAddressSpaces()
    {
        _ = _test.AddSlot(0, 1);
        _ = _test.AddSlot(0, 1, addressSpace: 1);
        _ = _test.AddSlot(0x8000, 1);
        Vm.RemoveSlot(new Gpa(0), addressSpace: 1);
        _ = _test.AddSlot(0x4000, 1);
        Assert.Equal([0, 1, 2], Vm.Core.Slots[0].All.ToArray().Select(slot => slot.Id));
    }

    [Fact]
    public void IllegalSlotsAreRefusedAndChangeNothing()
    {
        GuardedPages memory = _test.AddSlot(0x10_0000, 4);
        MemorySlot legal = new(new Gpa(0x20_0000), 0x1000, memory.Address);
        ArgumentException Refused(MemorySlot slot) => Assert.ThrowsAny<ArgumentException>(() => Vm.AddSlot(slot));

        Assert.Contains("overlaps", Refused(legal with { Base = new Gpa(0x10_3000) }).Message, StringComparison.Ordinal);
        Assert.Contains("4096", Refused(legal with { Size = 5 }).Message, StringComparison.Ordinal);
        Assert.Contains("GuestAddressLimit", Refused(legal with { Base = new Gpa(MmuVm.GuestAddressLimit) }).Message, StringComparison.Ordinal);
        Assert.Contains("address bits", Refused(legal with { HostFrame = new Pfn(1UL << 40) }).Message, StringComparison.Ordinal);
        Assert.Contains("flags", Refused(legal with { Flags = (SlotFlags)64 }).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => Vm.AddSlot(legal, addressSpace: 2));
        Assert.Contains("starts at", Assert.Throws<ArgumentException>(() => Vm.RemoveSlot(new Gpa(0x10_1000))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Vm.RemoveSlot(new Gpa(0x10_0000), addressSpace: 1));
        Assert.Throws<ArgumentException>(() => Vm.MoveSlot(new Gpa(0x20_0000), new Gpa(0)));
        Assert.Throws<ArgumentException>(() => Vm.MoveSlot(new Gpa(0x10_0000), new Gpa(1)));
        Assert.Throws<ArgumentException>(() => Vm.MoveSlot(new Gpa(0x10_0000), new Gpa(MmuVm.GuestAddressLimit)));
        Assert.Equal(1, Vm.Core.Slots[0].All.Length);
        Assert.Equal(1, Vm.Core.Memories[0].Slots.Length);
    }

    [Theory]
    [InlineData(0x40_0000)]
    [InlineData(0x10_1000)]
    [InlineData(0x0F_F000)]
    public void AMovedSlotIsAtItsNewPlaceOnly(ulong to)
    {
        GuardedPages memory = _test.AddSlot(0x10_0000, 4);
        memory.Bytes[0x3FFF] = 77;
        using MmuVcpu vcpu = Vm.CreateVcpu();
        _ = TestVm.Fault(vcpu, 0x10_0000);
        Vm.MoveSlot(new Gpa(0x10_0000), new Gpa(to));
        byte[] read = new byte[1];
        Assert.True(Vm.TryRead(new Gpa(to + 0x3FFF), read));
        Assert.Equal(77, read[0]);
        Assert.Equal(to >> 12, Assert.Single(Vm.Core.Slots[0].All.ToArray()).BaseGfn);
        Assert.Equal(to == 0x10_1000, Vm.TryRead(new Gpa(0x10_3FFF), read));
        Assert.Null(Vm.Audit());
    }

    [Fact]
    public void EveryChangeOfSlotsHasItsGeneration()
    {
        uint first = Vm.Core.SlotGeneration;
        _ = _test.AddSlot(0x10_0000, 4);
        Assert.Equal(first + 1, Vm.Core.SlotGeneration);
        Vm.MoveSlot(new Gpa(0x10_0000), new Gpa(0x20_0000));
        Assert.Equal(first + 2, Vm.Core.SlotGeneration);
        Vm.RemoveSlot(new Gpa(0x20_0000));
        Assert.Equal(first + 3, Vm.Core.SlotGeneration);
        Vm.Core.SlotGeneration = (1 << 18) - 1;
        _ = _test.AddSlot(0x10_0000, 4);
        Assert.Equal(0U, Vm.Core.SlotGeneration);
    }

    [Fact]
    public void ASlotThatIsLeavingIsMarkedBeforeAnythingIsTakenFromIt()
    {
        _ = _test.AddSlot(0x10_0000, 4);
        SlotRecord slot = Vm.Core.Slots[0].Find(0x100)!;
        using MmuVcpu vcpu = Vm.CreateVcpu();
        Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out _));
        bool leaving = false;
        _test.Host.OnFlush = (_, _) =>
        {
            leaving = slot.IsLeaving;
            return true;
        };
        Thread remover = new(() => Vm.RemoveSlot(new Gpa(0x10_0000)));
        remover.Start();
        remover.Join();
        Assert.True(leaving);
        vcpu.EndRun();
    }

    [Fact]
    public void RemovingWaitsForAVcpuInGuestThatHoldsPointers()
    {
        _ = _test.AddSlot(0x10_0000, 4);
        using MmuVcpu vcpu = Vm.CreateVcpu();
        Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out _));
        using ManualResetEventSlim kicked = new();
        _test.Host.OnFlush = (vcpus, _) => Environment.CurrentManagedThreadId == TestContextThread;
        _test.Host.OnKick = _ => kicked.Set();
        TestContextThread = Environment.CurrentManagedThreadId;
        bool removed = false;
        Thread remover = new(() =>
        {
            Vm.RemoveSlot(new Gpa(0x10_0000));
            Volatile.Write(ref removed, true);
        });
        remover.Start();
        Assert.True(kicked.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.False(Volatile.Read(ref removed));
        while (!Volatile.Read(ref removed))
        {
            _ = vcpu.Poll();
        }

        remover.Join();
        vcpu.EndRun();
    }

    [Fact]
    public void ThreadsFaultWhileSlotsComeAndGo()
    {
        _ = _test.AddSlot(0, 16);
        GuardedPages memory = new(16);
        bool stop = false;
        Thread[] threads = new Thread[2];
        int bad = 0;
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                using MmuVcpu vcpu = Vm.CreateVcpu();
                for (ulong n = 0; !Volatile.Read(ref stop); n++)
                {
                    FaultOutcome outcome = TestVm.Fault(vcpu, (n % 16 * 0x1000) + (n % 2 * 0x10_0000));
                    bad += outcome is FaultOutcome.VmDead or FaultOutcome.None or FaultOutcome.Inject ? 1 : 0;
                }
            });
            threads[i].Start();
        }

        _test.Host.Logs = false;
        for (int i = 0; i < 200; i++)
        {
            Vm.AddSlot(new MemorySlot(new Gpa(0x10_0000), 16 * 4096, memory.Address));
            Vm.MoveSlot(new Gpa(0x10_0000), new Gpa(0x10_4000));
            Vm.RemoveSlot(new Gpa(0x10_4000));
        }

        Volatile.Write(ref stop, true);
        Assert.All(threads, thread => thread.Join());
        Assert.Equal(0, bad);
        Assert.Null(Vm.Audit());
        memory.Dispose();
    }

    private int TestContextThread { get; set; }

    public void Dispose() => _test.Dispose();
}
