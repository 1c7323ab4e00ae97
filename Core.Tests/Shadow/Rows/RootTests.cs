// Shadow rows: roots: which are kept, which are found again, and what is in step in them.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Mmu.Vm;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class RootTests
{
    private const ulong Address = 0x80_0000;
    private const ulong Other = 0x50_0000;
    private const ulong OtherTables = 0x30_0000;
    private const ulong TableView = 0x10_0000;
    private const ulong Nowhere = 0x5000_0000;
    private const ulong Pcide = 1UL << 17;
    private const ulong Keep = 1UL << 63;

    [Fact]
    public void ALoadOfTheSameCr3WithOtherPdptesIsAnotherRoot()
    {
        using ShadowScene scene = new(GuestMode.Pae);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        PageTables other = scene.NewTables(OtherTables);
        other.Map(Address, Other, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorRead);
        ulong pdpte = scene.Tables[0, 3];
        scene.Tables[0, 3] = other[0, 3];

        // The registers hold what was loaded.
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
        scene.Cpu.LoadCr3(scene.State.Cr3);
        Assert.Equal(Other, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
        scene.Tables[0, 3] = pdpte;
        scene.Cpu.LoadCr3(scene.State.Cr3);
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
        scene.Tables[0, 3] = 0;
        scene.Cpu.LoadCr3(scene.State.Cr3);
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorRead));
    }

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void ARootOutsideMemoryMapsNothingUntilASlotComes(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        scene.Cpu.Load(scene.State with { Cr3 = Nowhere });
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorRead));
        scene.AddSlot(Nowhere, 16);
        PageTables tables = scene.NewTables(Nowhere);
        tables.Map(Address, ShadowScene.Data, 0x67);
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
        scene.Vm.RemoveSlot(new Gpa(Nowhere));
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorRead));
    }

    [Fact]
    public void InvlpgReachesCachedRoots()
    {
        using ShadowScene scene = WithPcids(out PageTables _, out ulong first, out ulong second);
        scene.Cpu.LoadCr3(first | Keep);
        scene.Cpu.Map(Address, Access.SupervisorRead);
        scene.Cpu.LoadCr3(second | Keep);

        // A global page of the first address space loses its frame; INVLPG drops it whatever the PCID.
        scene.Cpu.Store(TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF), 8, 0x60_0067);
        scene.Cpu.Invalidate(Address);
        scene.Cpu.LoadCr3(first | Keep);
        SceneLeaf leaf = scene.Cpu.Look(Address);
        Assert.True(!leaf.IsPresent || leaf.Gpa == 0x60_0000);
        Assert.Equal(0x60_0000UL, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
    }

    [Fact]
    public void InvpcidReachesTheCachedRootOfItsPcid()
    {
        using ShadowScene scene = WithPcids(out PageTables _, out ulong first, out ulong second);
        for (int type = 0; type < 4; type++)
        {
            ulong frame = 0x60_0000 + ((ulong)type << 12);
            scene.Cpu.LoadCr3(first | Keep);
            scene.Cpu.Map(Address, Access.SupervisorRead);
            scene.Cpu.LoadCr3(second | Keep);
            scene.Cpu.Store(TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF), 8, frame | 0x67);
            Assert.Equal(InvalidateStatus.Done, scene.Cpu.Vcpu.InvalidatePcid((ulong)type, type < 2 ? 1UL : 0, new Gva(type == 0 ? Address : 0)));
            scene.Cpu.LoadCr3(first | Keep);
            SceneLeaf leaf = scene.Cpu.Look(Address);
            Assert.True(!leaf.IsPresent || leaf.Gpa == frame, $"INVPCID type {type}");
            Assert.Equal(frame, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
            scene.Audit();
        }
    }

    [Fact]
    public void ALoadThatDoesNotKeepTranslationsDropsThePcidsOwn()
    {
        using ShadowScene scene = WithPcids(out PageTables _, out ulong first, out ulong second);
        scene.Cpu.LoadCr3(first | Keep);
        scene.Cpu.Map(Address, Access.SupervisorRead);
        scene.Cpu.LoadCr3(second | Keep);
        scene.Cpu.Store(TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF), 8, 0x60_0067);
        scene.Cpu.LoadCr3(first);
        SceneLeaf leaf = scene.Cpu.Look(Address);
        Assert.True(!leaf.IsPresent || leaf.Gpa == 0x60_0000);
        Assert.Equal(0x60_0000UL, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
    }

    [Fact]
    public void SystemManagementSeesItsOwnMemory()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Vm.AddSlot(scene.Vm.Core.Slots[0].Find(0)!.Slot, 1);
        scene.AddSlot(Nowhere, 16, addressSpace: 1);
        scene.Tables.Map(Address, Nowhere, 0x67);
        scene.Tables.Map(Address + 0x1000, ShadowScene.Data, 0x67);
        scene.Load();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address, Access.SupervisorWrite));
            Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address + 0x1000, Access.SupervisorWrite).Gpa);
            scene.Cpu.Vcpu.SetSystemManagement(true);
            scene.Cpu.Enter();
            SceneLeaf leaf = scene.Cpu.Map(Address, Access.SupervisorWrite);
            Assert.Equal(Nowhere, leaf.Gpa);
            Assert.Equal(1, scene.RoleOf(leaf.Table).AddressSpace);
            Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address + 0x1000, Access.SupervisorWrite).Gpa);
            scene.Audit();
            scene.Cpu.Vcpu.SetSystemManagement(false);
            scene.Cpu.Enter();
            Assert.False(scene.Cpu.Look(Address).IsPresent);
        }

        scene.Vm.RemoveSlot(new Gpa(Nowhere), 1);
        scene.Audit();
    }

    [Theory]
    [InlineData(GuestMode.Unpaged, 3, 2)]
    [InlineData(GuestMode.Legacy32, 3, 3)]
    [InlineData(GuestMode.Pae, 3, 3)]
    [InlineData(GuestMode.Long4, 4, 4)]
    [InlineData(GuestMode.Long5, 5, 5)]
    public void GetWalkReadsWhatAProcessorMeets(GuestMode mode, int levels, int entries)
    {
        using ShadowScene scene = new(mode);
        if (mode != GuestMode.Unpaged)
        {
            scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        }

        scene.Load();
        SceneLeaf leaf = scene.Cpu.Map(Address, Access.SupervisorWrite);
        ulong[] walk = new ulong[5];
        Assert.Equal(levels, scene.Cpu.Levels);
        Assert.Equal(entries, scene.Cpu.Vcpu.GetWalk(new Gva(Address), walk));
        Assert.Equal(leaf.Entry, walk[entries - 1]);
        Assert.Equal(scene.ArenaWord(scene.Cpu.Root), walk[0]);
        Assert.Equal(0UL, scene.Cpu.Root % (levels == 3 ? 32UL : 4096));
    }

    [Fact]
    public void RolesHaveRootsOfTheirOwn()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x65 | (1UL << 63));
        for (int i = 0; i < 2; i++)
        {
            scene.Load();
            Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorFetch));
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.UserRead));
            scene.Cpu.Load(scene.State with { Efer = Machine.LongModeActive });
            Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.UserRead));
            scene.Cpu.Load(scene.State with { Cr4 = scene.State.Cr4 | SceneCpu.Smap });
            Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorRead));
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, new Access(AccessKind.Read, AccessFlags.AlignmentCheck)));
            scene.Audit();
        }
    }

    [Fact]
    public void ACr3LoadWithPagingOffLeavesTheRootInForce()
    {
        using ShadowScene scene = new(GuestMode.Unpaged, vcpus: 2);
        scene.Load();
        Assert.Equal(ControlStateStatus.Legal, scene.Cpu.Vcpu.LoadCr3(Nowhere));
        Assert.Equal(InvalidateStatus.Done, scene.Cpu.Vcpu.InvalidatePcid(2, 0, default));
        scene.Cpu.Enter();
        scene.Cpus[1].Load(scene.State);
        Assert.NotEqual(scene.Cpu.Root, scene.Cpus[1].Root);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(Address, Access.SupervisorRead));
    }

    [Fact]
    public void AFlushThatIsOwedForARootOutlivesASwitchThatKeepsTranslations()
    {
        using ShadowScene scene = WithPcids(out PageTables _, out ulong first, out ulong second);
        scene.Cpu.Store(TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF), 8, 0x60_0067);
        int flushes = 0;
        Assert.Equal(ControlStateStatus.Legal, scene.Cpu.Vcpu.LoadCr3(first));
        Assert.Equal(ControlStateStatus.Legal, scene.Cpu.Vcpu.LoadCr3(second | Keep));
        scene.Host.Flushed = scope => flushes += scope == FlushScope.All ? 1 : 0;
        scene.Cpu.Enter();
        Assert.NotEqual(0, flushes);
        scene.Cpu.LoadCr3(first | Keep);
        SceneLeaf leaf = scene.Cpu.Look(Address);
        Assert.True(!leaf.IsPresent || leaf.Gpa == 0x60_0000UL);
    }

    [Fact]
    public void SmepDropsThePcidsTranslationsInEveryRole()
    {
        using ShadowScene scene = WithPcids(out PageTables _, out ulong first, out ulong second);
        scene.Cpu.Store(TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF), 8, 0x60_0067);
        scene.Cpu.LoadCr3(first | Keep);
        scene.Cpu.Load(scene.Cpu.State with { Cr4 = scene.Cpu.State.Cr4 | SceneCpu.Smep });
        scene.Cpu.LoadCr3(second | Keep);
        scene.Cpu.Load(scene.Cpu.State with { Cr4 = scene.Cpu.State.Cr4 & ~SceneCpu.Smep });
        scene.Cpu.LoadCr3(first | Keep);
        SceneLeaf leaf = scene.Cpu.Look(Address);
        Assert.True(!leaf.IsPresent || leaf.Gpa == 0x60_0000UL);
    }

    [Fact]
    public void ARootThatWasBuiltWhileItsSlotWasLeavingIsBuiltAnewWhenTheSlotStays()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        SetLeaving(scene, true);
        scene.Load();
        SetLeaving(scene, false);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.SupervisorRead));
    }

    private static void SetLeaving(ShadowScene scene, bool leaving)
    {
        using MmuWriteGuard held = scene.Vm.Core.Lock.Enter();
        scene.Vm.Core.Slots[0].Find(0)!.IsLeaving = leaving;
    }

    private static ShadowScene WithPcids(out PageTables other, out ulong first, out ulong second)
    {
        ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x167);
        ulong table = scene.Tables.AddressOf(Address, 1) & ~0xFFFUL;
        other = scene.NewTables(OtherTables);
        other.Map(Address, Other, 0x67);
        other.Map(TableView, table, 0x67);
        scene.Cpu.Load(scene.State with { Cr4 = scene.State.Cr4 | Pcide });
        first = scene.State.Cr3 | 1;
        second = OtherTables | 2;
        scene.Cpu.LoadCr3(first);
        scene.Cpu.Map(Address, Access.SupervisorRead);
        scene.Cpu.LoadCr3(second);
        scene.Cpu.Map(Address, Access.SupervisorRead);
        return scene;
    }
}
