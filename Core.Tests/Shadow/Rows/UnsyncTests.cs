// Shadow rows: which tables may be written unseen, and the marks on the way to them.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class UnsyncTests
{
    private const ulong Address = 0x80_0000;
    private const ulong Second = 0x40A0_0000;
    private const ulong TableView = 0x10_0000;
    private const ulong Other = 0x50_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32, 2)]
    [InlineData(GuestMode.Pae, 2)]
    [InlineData(GuestMode.Long4, 2)]
    [InlineData(GuestMode.Long4, 3)]
    [InlineData(GuestMode.Long4, 4)]
    [InlineData(GuestMode.Long5, 5)]
    public void ATableOfAnUpperLevelIsNeverWrittenUnseen(GuestMode mode, int level)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        ulong at = scene.Tables.AddressOf(Address, level);
        scene.Tables.Map(TableView, at & ~0xFFFUL, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        Assert.Equal(FaultOutcome.WriteProtected, scene.Cpu.Touch(TableView + (at & 0xFFF), Access.SupervisorWrite));
        Assert.Equal(at, scene.Cpu.Result.Gpa.Value);
        Assert.False(scene.Cpu.Look(TableView).W);
        Assert.Equal(0UL, scene.Statistics.Unsyncs);
        scene.Audit();

        // A table that its own translation uses: nothing but emulation helps.
        Assert.True(scene.Cpu.Result.HitsOwnTables);
        Assert.Equal(FaultOutcome.WriteProtected, scene.Cpu.Store(TableView + (at & 0xFFF), scene.Tables.Shape.EntryBytes, 0));
        Assert.False(scene.Cpu.Look(Address).IsPresent);
    }

    [Fact]
    public void EveryEntryThatNamesAnUnsyncTableIsMarked()
    {
        using ShadowScene scene = TwoParents();
        scene.Cpu.Store(TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF), 8, Other | 0x67);
        Assert.Equal(1UL, scene.Statistics.Unsyncs);
        scene.Audit();

        // One flush brings it in step on both ways, and then no mark is left.
        scene.Cpu.LoadCr3(scene.State.Cr3);
        scene.Audit();
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.Equal(Other, scene.Cpu.Map(Second, Access.SupervisorRead).Gpa);
        Assert.Equal(Other, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
    }

    [Fact]
    public void ATableInStepIsProtectedAgain()
    {
        using ShadowScene scene = TwoParents();
        ulong at = TableView + (scene.Tables.AddressOf(Address, 1) & 0xFFF);
        for (ulong i = 1; i < 5; i++)
        {
            scene.Cpu.Store(at, 8, (Other + (i << 12)) | 0x67);
            Assert.Equal(i, scene.Statistics.Unsyncs);
            scene.Cpu.LoadCr3(scene.State.Cr3);
            Assert.False(scene.Cpu.Look(TableView).W);
            Assert.Equal(Other + (i << 12), scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
        }
    }

    [Fact]
    public void AFrameStaysGuardedUntilNothingShadowsIt()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        ulong table = scene.Tables.AddressOf(Address, 1) & ~0xFFFUL;
        scene.Tables.Map(TableView, table, 0x67);

        // Two roles of CR0.WP shadow the same tables; the first ones are the oldest.
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        scene.Cpu.Load(scene.State with { Cr0 = Machine.Paging });
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        Assert.Equal(3, scene.Vm.Shrink(3));
        Assert.True(scene.Vm.Core.Slots[0].Find(table >> 12)!.IsGuarded(table >> 12));
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        scene.Cpu.Store(TableView, 8, Other | 0x67);
        Assert.Equal(1UL, scene.Statistics.Unsyncs);
        scene.Cpu.LoadCr3(scene.State.Cr3);
        Assert.Equal(Other, scene.Cpu.Map(Address, Access.SupervisorWrite).Gpa);
        scene.Vm.ZapRange(new Gpa(table), 0x1000);
        Assert.False(scene.Vm.Core.Slots[0].Find(table >> 12)!.IsGuarded(table >> 12));
    }

    [Fact]
    public void AStoreTheGuestMakesItselfAfterUnprotectingIsNotLost()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        ulong at = scene.Tables.AddressOf(Address, 2);
        scene.Tables.Map(1UL << 39, at & ~0xFFFUL, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        ulong view = (1UL << 39) + (at & 0xFFF);
        Assert.Equal(FaultOutcome.WriteProtected, scene.Cpu.Touch(view, Access.SupervisorWrite));
        Assert.False(scene.Cpu.Result.HitsOwnTables);
        Assert.True(scene.Cpu.Vcpu.Unprotect(new Gva(view), scene.Cpu.Result.Gpa, 0x1234));
        scene.Audit();
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(view, 8, 0));
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.SupervisorRead));

        // The same store once more is emulated.
        Assert.False(scene.Cpu.Vcpu.Unprotect(new Gva(view), scene.Cpu.Result.Gpa, 0x1234));
    }

    // One table below two entries of different tables.
    private static ShadowScene TwoParents()
    {
        ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Tables.Map(Second, 0, 0, level: 2);
        scene.Tables[Second, 2] = scene.Tables[Address, 2] | 0x20;
        scene.Tables[Address, 2] |= 0x20;
        scene.Tables.Map(TableView, scene.Tables.AddressOf(Address, 1) & ~0xFFFUL, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        scene.Cpu.Map(Second, Access.SupervisorWrite);
        Assert.Equal(scene.Cpu.Look(Address).Table, scene.Cpu.Look(Second).Table);
        return scene;
    }
}
