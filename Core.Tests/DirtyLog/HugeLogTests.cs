// Huge pages of a logged slot: write-protected when the log starts, split by the first write or at once, back when the log ends.
using System;
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Vm;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.DirtyLog;

public sealed class HugeLogTests
{
    private const ulong Large = 0x1000_0000;
    private const ulong Frame = 0x80_0000;

    [Theory]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Pae)]
    public void TheFirstWriteSplitsAHugePageAndOnlyItsPartIsDirty(GuestMode mode)
    {
        using LogScene scene = Mapped(mode);
        DirtyLogSession log = scene.Start();
        SceneLeaf leaf = scene.Cpu.Look(Large);
        Assert.Equal(2, leaf.Level);
        Assert.False(leaf.W);
        leaf = scene.Cpu.Map(Large + 0x5000, Access.SupervisorWrite);
        Assert.Equal(1, leaf.Level);
        Assert.True(leaf.W);
        Assert.False(scene.Cpu.Look(Large + 0x6000).W);
        Assert.Equal([Frame + 0x5000], LogScene.Harvest(log));
        Assert.Equal(1, scene.Cpu.Map(Large + 0x7000, Access.SupervisorRead).Level);
        scene.Scene.Audit();

        // Without logs it comes back as one.
        log.Dispose();
        Assert.Equal(2, scene.Cpu.Map(Large, Access.SupervisorWrite).Level);
        scene.Scene.Audit();
    }

    [Fact]
    public void SplitEagerlyThePagesAreThereAndReadOnly()
    {
        using LogScene scene = Mapped();
        using DirtyLogSession log = scene.Start(new DirtyLogOptions { SplitEagerly = true });
        for (ulong gva = Large; gva < Large + 0x20_0000; gva += 0x1_0000)
        {
            SceneLeaf leaf = scene.Cpu.Look(gva);
            Assert.Equal(1, leaf.Level);
            Assert.False(leaf.W);
        }

        ulong faults = scene.Scene.Statistics.Faults;
        Assert.True(scene.Cpu.Map(Large + 0x9000, Access.SupervisorWrite).W);
        Assert.Equal(1, scene.Cpu.Look(Large).Level);
        Assert.Equal(1UL, scene.Scene.Statistics.Faults - faults);
        Assert.Equal([Frame + 0x9000], LogScene.Harvest(log));
        scene.Scene.Audit();
    }

    [Fact]
    public void WhereMemoryRunsOutWhileSplittingNothingIsLoggedAndTheReasonIsGiven()
    {
        using LogScene scene = Mapped();
        scene.Vm.Core.Tables.Faults = new AllocationFaults { FailAfter = 0 };
        ulong bytes = scene.Vm.Core.Private.AllocatedBytes;
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => scene.Start(new DirtyLogOptions { SplitEagerly = true }));
        Assert.Contains("MmuVmOptions.TablePages", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, scene.Vm.Core.Slots[0].Logged);
        Assert.Equal(bytes, scene.Vm.Core.Private.AllocatedBytes);
        scene.Vm.Core.Tables.Faults = null;
        Assert.True(scene.Cpu.Map(Large, Access.SupervisorWrite).W);
        scene.Scene.Audit();
        using DirtyLogSession log = scene.Start();
        Assert.False(scene.Cpu.Look(Large).W);
    }

    [Fact]
    public void AllSetHugePagesStayWritableUntilOneOfTheirPagesIsHarvested()
    {
        using LogScene scene = Mapped();
        using DirtyLogSession log = scene.Start(new DirtyLogOptions { InitiallyAllSet = true });
        Assert.True(scene.Cpu.Look(Large).W);
        ulong[] word = new ulong[1];
        Assert.Equal(64UL, log.Harvest(Frame >> 12, word));
        Assert.False(scene.Cpu.Look(Large).W);
        _ = scene.Cpu.Map(Large + 0x3000, Access.SupervisorWrite);
        Assert.Equal(1UL, log.Harvest(Frame >> 12, word));
        Assert.Equal(1UL << 3, word[0]);
        scene.Scene.Audit();
    }

    [Fact]
    public void WithAnotherLogLeftHugePagesDoNotComeBack()
    {
        using LogScene scene = Mapped();
        using DirtyLogSession stays = scene.Start();
        DirtyLogSession log = scene.Start();
        _ = scene.Cpu.Map(Large, Access.SupervisorWrite);
        log.Dispose();
        Assert.Equal(1, scene.Cpu.Look(Large).Level);
        Assert.Equal([Frame], LogScene.Harvest(stays));
    }

    private static LogScene Mapped(GuestMode mode = GuestMode.Long4)
    {
        LogScene scene = new(mode);
        scene.Scene.Tables.Map(Large, Frame, 0xE7, level: 2);
        Assert.Equal(2, scene.Cpu.Map(Large, Access.SupervisorWrite).Level);
        return scene;
    }
}
