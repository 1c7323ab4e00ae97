// Shadow rows: leaves: clean pages, prefetched neighbours, ageing.
using System;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Sptes;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class LeafTests
{
    private const ulong Address = 0x80_0000;
    private const ulong Accessed = 0x20;

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    public void TheFirstWriteToACleanPageFaultsAndSetsTheDirtyBit(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, ShadowScene.Data, 7);
        scene.Load();
        Assert.False(scene.Cpu.Map(Address, Access.UserRead).W);
        Assert.Equal(ShadowScene.Data | 0x27, scene.Tables[Address, 1]);
        Assert.True(scene.Cpu.Map(Address, Access.UserWrite).W);
        Assert.Equal(ShadowScene.Data | 0x67, scene.Tables[Address, 1]);
    }

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    public void NeighboursAreMappedThatTheGuestHasMappedAndAccessed(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        ulong[] bits = [0x67, 0x27, 0x47, 0, 0x67, 0x65, 0x63, 0x67, 0x67];
        for (int i = 0; i < bits.Length; i++)
        {
            scene.Tables.Map(Address + ((ulong)i << 12), ShadowScene.Data + ((ulong)i << 12), bits[i]);
        }

        scene.Tables[Address + 0x3000, 1] = 0;
        scene.Load();
        scene.Cpu.Map(Address + 0x4000, Access.SupervisorWrite);
        bool[] present = [true, true, false, false, true, true, true, true, false];
        for (int i = 0; i < bits.Length; i++)
        {
            SceneLeaf leaf = scene.Cpu.Look(Address + ((ulong)i << 12));
            Assert.Equal(present[i], leaf.IsPresent);
            Assert.True(!present[i] || leaf.Gpa == ShadowScene.Data + ((ulong)i << 12));

            // Writable only what is dirty in the guest's tables; accessed only what was asked for.
            Assert.Equal(present[i] && (bits[i] & 0x42) == 0x42, leaf.W);
            Assert.Equal(i == 4, (leaf.Entry & Accessed) != 0);
        }

        Assert.Equal(0UL, scene.Tables[Address + 0x2000, 1] & Accessed);
    }

    [Fact]
    public void PrefetchingMakesNoTableUnsync()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        ulong table = scene.Tables.AddressOf(Address, 1) & ~0xFFFUL;
        scene.Tables.Map(Address + 0x1000, table, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        SceneLeaf view = scene.Cpu.Look(Address + 0x1000);
        Assert.Equal((true, false), (view.IsPresent, view.W));
        Assert.Equal(0UL, scene.Statistics.Unsyncs);
    }

    [Fact]
    public void AgeingClearsTheAccessedBitAndNothingElse()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Tables.Map(Address + 0x20_0000, 0x60_0000, 0x67, level: 2);
        scene.Load();
        SceneLeaf small = scene.Cpu.Map(Address, Access.UserWrite);
        SceneLeaf huge = scene.Cpu.Map(Address + 0x20_0000, Access.UserWrite);
        foreach ((ulong gva, SceneLeaf leaf) in ((ulong, SceneLeaf)[])[(Address, small), (Address + 0x20_0000, huge)])
        {
            Gpa page = new(leaf.Gpa & ~0xFFFUL);
            Assert.True(scene.Vm.TestAge(page, 0x1000));
            Assert.True(scene.Vm.Age(page, 0x1000));
            Assert.False(scene.Vm.TestAge(page, 0x1000));
            Assert.False(scene.Vm.Age(page, 0x1000));
            Assert.Equal(leaf.Entry & ~Accessed, scene.Cpu.Look(gva).Entry);
        }

        Assert.False(scene.Vm.TestAge(new Gpa(0), ShadowScene.RamPages << 12));
    }

    [Fact]
    public void AnAccessThatTheTablesAllowAlreadyIsSpurious()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.UserWrite);
        ulong stores = scene.Statistics.SpteStores;
        Assert.Equal(FaultOutcome.Spurious, scene.Cpu.Fault(Address, Access.UserWrite));
        Assert.Equal(stores, scene.Statistics.SpteStores);
    }

    [Fact]
    public void LoggingTakesWriteAccessAndAFaultGivesItBack()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.UserWrite);
        scene.Vm.WriteProtect(new Gpa(ShadowScene.Data), 0x1000);
        Assert.False(scene.Cpu.Look(Address).W);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(Address, Access.UserWrite));
        Assert.True(scene.Cpu.Look(Address).W);
    }

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    public void APageThatTheGuestCleansBeforeItIsMappedIsNotWritable(GuestMode mode)
    {
        const ulong onDemand = 0x200_0000;
        const ulong dirty = 0x40;
        using ShadowScene scene = new(mode);
        scene.AddSlot(onDemand, 16, SlotFlags.Resolved);
        scene.Tables.Map(Address, onDemand, 0x67);
        scene.Load();
        Func<Gfn, bool, ResolvedFrame> answer = scene.Host.Resolver;
        bool first = true;
        scene.Host.Resolver = (gfn, write) =>
        {
            // Between the walk, which set the bit, and the mapping.
            scene.Tables[Address, 1] &= first ? ~dirty : ulong.MaxValue;
            first = false;
            return answer(gfn, write);
        };
        _ = scene.Cpu.Fault(Address, Access.SupervisorWrite);
        Assert.False(scene.Cpu.Look(Address).W && (scene.Tables[Address, 1] & dirty) == 0);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.SupervisorWrite));
        Assert.NotEqual(0UL, scene.Tables[Address, 1] & dirty);
    }

    [Fact]
    public void ALeafThatVanishedKillsTheVmAndHangsNobody()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorRead);
        SceneLeaf leaf = scene.Cpu.Look(Address);
        scene.Engine.State.Pages.Tables[new PageHandle(leaf.Table)].Store((int)(Address >> 12) & 511, Spte.Empty);
        Thread host = new(() => scene.Vm.UnmapRange(new Gpa(ShadowScene.Data), 4096)) { IsBackground = true };
        host.Start();
        Assert.True(host.Join(10_000));
        Assert.True(scene.Vm.IsDead);
    }
}
