// Invariant 9: a write by any path is in the log before the log is read, for every consumer.
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Vm;
using Mmu.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.DirtyLog;

public sealed class WritePathTests
{
    private const ulong Linear = LogScene.Linear;
    private const ulong Data = ShadowScene.Data;

    [Theory]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Legacy32)]
    public void AStoreThroughOurTablesIsLoggedOnceUntilTheNextHarvest(GuestMode mode)
    {
        using LogScene scene = new(mode);
        _ = scene.Cpu.Map(Linear, Access.SupervisorWrite);
        using DirtyLogSession log = scene.Start();
        Assert.Empty(LogScene.Harvest(log));
        Assert.False(scene.Cpu.Look(Linear).W);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(scene.Cpu.Map(Linear, Access.SupervisorWrite).W);
            Assert.Contains(Data, LogScene.Harvest(log));
            Assert.False(scene.Cpu.Look(Linear).W);
            Assert.Empty(LogScene.Harvest(log));
        }

        scene.Scene.Audit();
    }

    [Fact]
    public void AReadGivesNoRightToWriteWhileTheSlotIsLogged()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        Assert.False(scene.Cpu.Map(Linear, Access.SupervisorRead).W);
        _ = scene.Cpu.Map(Linear + 0x3000, Access.SupervisorWrite);
        for (ulong i = 0; i < 8; i++)
        {
            Assert.Equal(i == 3, scene.Cpu.Look(Linear + (i << 12)).W);
        }

        Assert.Contains(Data + 0x3000, LogScene.Harvest(log));
        scene.Scene.Audit();
    }

    [Fact]
    public void MarksThatAWalkSetsInGuestTablesAreWrites()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        _ = scene.Cpu.Map(Linear, Access.SupervisorRead);
        _ = LogScene.Harvest(log);

        // Outside the window of neighbours that was mapped.
        const ulong Other = Linear + 0x1_0000;
        ulong table = scene.TableOf(Other, 1);
        scene.Scene.Tables[Other, 1] &= ~0x60UL;
        _ = scene.Cpu.Map(Other, Access.SupervisorRead);
        Assert.Equal([table], LogScene.Harvest(log));
        Assert.True(scene.Cpu.Vcpu.Walker.Translate(new Gva(Other), Access.SupervisorWrite, out _));
        Assert.Equal([table], LogScene.Harvest(log));
        scene.Scene.Tables[Other, 1] &= ~0x60UL;
        Assert.True(scene.Cpu.Vcpu.Walker.Peek(new Gva(Other), Access.SupervisorWrite, out _));
        Assert.Empty(LogScene.Harvest(log));
    }

    public static IEnumerable<TheoryDataRow<string>> HostPaths =>
        [new("write"), new("announce"), new("mark"), new("exchange"), new("walker"), new("walker's exchange"), new("drain"), new("across pages")];

    [Theory]
    [MemberData(nameof(HostPaths))]
    public void AStoreByTheHostIsLoggedForEveryConsumer(string path)
    {
        using LogScene scene = new();
        using DirtyLogSession first = scene.Start();
        using DirtyLogSession second = scene.Start();
        Assert.True(scene.Cpu.Vcpu.Walker.Translate(new Gva(Linear), Access.SupervisorWrite, out _));
        _ = LogScene.Harvest(first);
        _ = LogScene.Harvest(second);
        Gpa gpa = new(Data + 0x10);
        ulong[] expected = [Data];
        switch (path)
        {
            case "write":
                Assert.True(scene.Vm.TryWrite(gpa, [1, 2]));
                break;
            case "announce":
                scene.Scene.Guest.Write(gpa.Value, 2, 7);
                scene.Vm.GuestWrote(gpa, 2);
                break;
            case "mark":
                scene.Vm.MarkDirty(gpa, 2);
                break;
            case "exchange":
                Assert.True(scene.Vm.TryCompareExchange<uint>(gpa, 5, 6, out bool exchanged));
                Assert.False(exchanged);
                Assert.Empty(LogScene.Harvest(first));
                Assert.True(scene.Vm.TryCompareExchange<uint>(gpa, 0, 6, out exchanged));
                Assert.True(exchanged);
                break;
            case "walker":
                Assert.True(scene.Cpu.Vcpu.Walker.TryWrite(new Gva(Linear), [1], out _));
                break;
            case "walker's exchange":
                Assert.True(scene.Cpu.Vcpu.Walker.TryCompareExchange<ulong>(new Gva(Linear), 0, 1, out exchanged, out _));
                Assert.True(exchanged);
                break;
            case "drain":
                Assert.Equal(1, scene.Cpu.Vcpu.DrainDirtyPages([gpa.Value, ulong.MaxValue, 0xFFFF_0000_0000]));
                break;
            default:
                Assert.True(scene.Vm.TryWrite(new Gpa(Data + 0xFFF), [1, 2]));
                expected = [Data, Data + 0x1000];
                break;
        }

        Assert.Equal(expected, LogScene.Harvest(first));
        Assert.Empty(LogScene.Harvest(first));
        Assert.Equal(expected, LogScene.Harvest(second));
    }

    [Fact]
    public void AStoreToAShadowedTableIsLogged()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Scene.Tables.Map(Linear + 0x20_0000, scene.TableOf(Linear, 2), 0x67);
        _ = LogScene.Harvest(log);
        Assert.Equal(FaultOutcome.WriteProtected, scene.Cpu.Store(Linear + 0x20_0000, 8, 0x1234_5067));
        Assert.Contains(scene.TableOf(Linear, 2), LogScene.Harvest(log));
    }

    [Fact]
    public void ATableThatBecomesUnsyncIsLoggedAndNoticedAgain()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        ulong table = scene.TableOf(Linear, 1);
        scene.Scene.Tables.Map(Linear + 0x20_0000, table, 0x67);
        _ = scene.Cpu.Map(Linear, Access.SupervisorRead);
        for (int i = 0; i < 3; i++)
        {
            _ = LogScene.Harvest(log);
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(Linear + 0x20_0000 + 0x800, 8, (ulong)i));
            Assert.Contains(table, LogScene.Harvest(log));
            Assert.False(scene.Cpu.Look(Linear + 0x20_0000).W);

            // To bring it in step must not give W back unmarked.
            scene.Cpu.LoadCr3(scene.Cpu.State.Cr3);
            scene.Scene.Audit();
        }
    }

    [Fact]
    public void AnEntryThatIsBroughtInStepGetsNoRightToWrite()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        ulong table = scene.TableOf(Linear, 1);
        ulong entry = scene.Scene.Tables.AddressOf(Linear, 1) & 0xFFF;
        scene.Scene.Tables.Map(Linear + 0x20_0000, table, 0x67);
        Assert.True(scene.Cpu.Map(Linear, Access.SupervisorWrite).W);
        _ = LogScene.Harvest(log);

        // No longer the user's: the entry is made anew.
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(Linear + 0x20_0000 + entry, 8, Data | 0x63));
        scene.Cpu.LoadCr3(scene.Cpu.State.Cr3);
        SceneLeaf leaf = scene.Cpu.Look(Linear);
        Assert.Equal((true, false, false), (leaf.IsPresent, leaf.U, leaf.W));
        scene.Scene.Audit();
        _ = LogScene.Harvest(log);
        Assert.True(scene.Cpu.Map(Linear, Access.SupervisorWrite).W);
        Assert.Contains(Data, LogScene.Harvest(log));
    }

    // What is asserted of a vCPU in guest is asserted after it has left: a log that ends waits for it.
    [Fact]
    public void ASoftwareTlbWritesOnlyWhatIsMarkedSinceTheLastHarvest()
    {
        using LogScene scene = new();
        SoftTlb tlb = scene.Cpu.Vcpu.SoftTlb;
        using DirtyLogSession log = scene.Start();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(RootStatus.Loaded, scene.Cpu.Vcpu.BeginRun(out _));
            bool before = tlb.TryGet(new Gva(Linear), Access.SupervisorWrite, out _);
            SoftTlbOutcome outcome = tlb.Resolve(new Gva(Linear), Access.SupervisorWrite, out _);
            bool after = tlb.TryGet(new Gva(Linear), Access.SupervisorWrite, out _);
            scene.Cpu.Vcpu.EndRun();
            Assert.Equal((false, SoftTlbOutcome.Memory, true), (before, outcome, after));
            Assert.Contains(Data, LogScene.Harvest(log));
            Assert.Empty(LogScene.Harvest(log));
        }
    }

    [Fact]
    public void AnEntryThatASoftwareTlbHadBeforeTheLogIsGone()
    {
        using LogScene scene = new();
        SoftTlb tlb = scene.Cpu.Vcpu.SoftTlb;
        Assert.Equal(RootStatus.Loaded, scene.Cpu.Vcpu.BeginRun(out _));
        SoftTlbOutcome outcome = tlb.Resolve(new Gva(Linear), Access.SupervisorWrite, out _);
        scene.Cpu.Vcpu.EndRun();
        Assert.Equal(SoftTlbOutcome.Memory, outcome);
        using DirtyLogSession log = scene.Start();
        Assert.Equal(RootStatus.Loaded, scene.Cpu.Vcpu.BeginRun(out _));
        bool after = tlb.TryGet(new Gva(Linear), Access.SupervisorWrite, out _);
        scene.Cpu.Vcpu.EndRun();
        Assert.False(after);
    }

    [Fact]
    public void ASoftwareTlbHasNoLargeEntryForWritesToALoggedSlot()
    {
        const ulong Large = 0x1000_0000;
        using LogScene scene = new();
        scene.Scene.Tables.Map(Large, 0x80_0000, 0xE7, level: 2);
        SoftTlb tlb = scene.Cpu.Vcpu.SoftTlb;
        using DirtyLogSession log = scene.Start();
        Assert.Equal(RootStatus.Loaded, scene.Cpu.Vcpu.BeginRun(out _));
        SoftTlbOutcome outcome = tlb.Resolve(new Gva(Large), Access.SupervisorWrite, out _);
        bool page = tlb.TryGet(new Gva(Large + 8), Access.SupervisorWrite, out _);
        bool next = tlb.TryGet(new Gva(Large + 0x1000), Access.SupervisorWrite, out _);
        scene.Cpu.Vcpu.EndRun();
        Assert.Equal((SoftTlbOutcome.Memory, true, false), (outcome, page, next));
        Assert.Equal([0x80_0000UL], LogScene.Harvest(log).FindAll(address => address >= Data));
    }

    [Fact]
    public void TheOtherAddressSpaceHasALogOfItsOwn()
    {
        using LogScene scene = new();
        scene.Scene.AddSlot(0x1_0000_0000, 16, addressSpace: 1);
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0x1_0000_0000), addressSpace: 1);
        scene.Vm.MarkDirty(new Gpa(0x1_0000_0000), 1);
        Assert.Empty(LogScene.Harvest(log));
        scene.Vm.MarkDirty(new Gpa(0x1_0000_0000), 1, addressSpace: 1);
        Assert.Equal([0x1_0000_0000UL], LogScene.Harvest(log));
    }
}
