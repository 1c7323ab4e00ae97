// Shadow rows: where huge pages may be mapped, and what splits and collapses them.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class HugePageTests
{
    private const ulong Address = 0x8000_0000;
    private const ulong Far = 0x4000_0000;
    private const ulong Frame = 0x60_0000;
    private const ulong Bytes2M = 0x20_0000;

    [Theory]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void A2MibPageIsOneOfOurs(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, Frame, 0x67, level: 2);
        scene.Load();
        SceneLeaf leaf = scene.Cpu.Map(Address + 0x12_3000, Access.UserWrite);
        Assert.Equal((Frame + 0x12_3000, 2, true, true), (leaf.Gpa, leaf.Level, leaf.W, leaf.U));
        Assert.Equal(1UL, scene.Statistics.Pages2M);
    }

    [Fact]
    public void A1GibPageIsAsLargeAsItsSlotAllows()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(Far, 1 << 18);
        scene.AddSlot(2 * Far, 1024);
        scene.Tables.Map(4 * Far, Far, 0x67, level: 3);
        scene.Tables.Map(5 * Far, 2 * Far, 0x67, level: 3);
        scene.Load();
        Assert.Equal((Far + 0x1234_5000, 3), Place(scene.Cpu.Map((4 * Far) + 0x1234_5000, Access.UserWrite)));
        Assert.Equal(((2 * Far) + 0x2F_F000, 2), Place(scene.Cpu.Map((5 * Far) + 0x2F_F000, Access.UserWrite)));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch((5 * Far) + 0x40_0000, Access.UserWrite));

        // One table in it, and it is mapped in smaller pages.
        scene.Vm.UnmapRange(new Gpa(Far), 1UL << 30);
        scene.Vm.TrackWrites(new Gpa(Far + 0x5000));
        Assert.Equal(1, scene.Cpu.Map((4 * Far) + 0x6000, Access.UserWrite).Level);
        Assert.Equal(2, scene.Cpu.Map((4 * Far) + 0x20_0000, Access.UserWrite).Level);
    }

    [Fact]
    public void ACpuWithout1GibPagesHasNone()
    {
        using ShadowScene scene = new(GuestMode.Long4, features: new CpuFeatures { Pages1G = false });
        scene.Tables.Map(Address, 0, 0x67, level: 3);
        scene.Load();
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.UserRead));
    }

    [Fact]
    public void HostFramesThatAreAlignedOtherwiseForbidHugePages()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        MemorySlot slot = scene.Guest.AddSlot(Far, 1024);
        scene.Vm.AddSlot(slot with { HostFrame = new Pfn(ShadowScene.FrameBase + (Far >> 12) + 3) });
        scene.Tables.Map(Address, Far, 0x67, level: 2);
        scene.Load();
        SceneLeaf leaf = scene.Cpu.Map(Address + 0x5000, Access.UserWrite);
        Assert.Equal((Far + 0x8000, 1), Place(leaf));
    }

    [Fact]
    public void AHugePageThatReachesOverTheSlotsEndIsMappedInSmallOnes()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(Far, 512 + 256);
        scene.Tables.Map(Address, Far, 0x67, level: 2);
        scene.Tables.Map(Address + Bytes2M, Far + Bytes2M, 0x67, level: 2);
        scene.Load();
        Assert.Equal(2, scene.Cpu.Map(Address, Access.UserWrite).Level);
        Assert.Equal((Far + Bytes2M + 0xF_F000, 1), Place(scene.Cpu.Map(Address + Bytes2M + 0xF_F000, Access.UserWrite)));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address + Bytes2M + 0x10_0000, Access.UserWrite));
        Assert.False(scene.Cpu.Look(Address + Bytes2M + 0x10_1000).IsPresent);
    }

    [Fact]
    public void AHugePageAroundAShadowedTableIsMappedInSmallOnes()
    {
        using ShadowScene scene = new(GuestMode.Long4);

        // The guest's tables are in its first 2 MiB.
        scene.Tables.Map(Address, 0, 0x67, level: 2);
        scene.Load();
        SceneLeaf leaf = scene.Cpu.Map(Address + 0x5000, Access.UserWrite);
        Assert.Equal((0x5000UL, 1, true), (leaf.Gpa, leaf.Level, leaf.W));
        scene.Audit();
        ulong entry = Address + scene.Tables.AddressOf(Address, 2);
        Assert.Equal(FaultOutcome.WriteProtected, scene.Cpu.Touch(entry, Access.UserWrite));
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(entry, Access.UserRead));
    }

    [Theory]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    public void AFrameOfAHugePageThatBecomesATableSplitsIt(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        const ulong table = Frame + 0x7000;
        const ulong through = 0xA000_0000;
        scene.Tables.Map(Address, Frame, 0x67, level: 2);
        scene.Tables.Map(through, 0, 0, level: 2);
        scene.Tables[through, 2] = table | 0x67;
        scene.Guest.Write(table, 8, ShadowScene.Data | 0x67);
        scene.Load();
        Assert.True(scene.Cpu.Map(Address, Access.UserWrite).W);
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(through, Access.UserRead).Gpa);
        Assert.False(scene.Cpu.Look(Address).W);
        Assert.Equal(1, scene.Cpu.Map(Address, Access.UserWrite).Level);
        scene.Cpu.Store(Address + 0x7000, 8, 0x50_0067);
        Assert.Equal(1UL, scene.Statistics.Unsyncs);
        scene.Cpu.LoadCr3(scene.State.Cr3);
        Assert.Equal(0x50_0000UL, scene.Cpu.Map(through, Access.UserRead).Gpa);
    }

    [Fact]
    public void ATrackedFrameForbidsTheHugePageAroundIt()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, Frame, 0x67, level: 2);
        scene.Load();
        Assert.Equal(2, scene.Cpu.Map(Address, Access.UserWrite).Level);
        scene.Vm.TrackWrites(new Gpa(Frame + 0x5000));
        scene.Audit();
        Assert.Equal(1, scene.Cpu.Map(Address, Access.UserWrite).Level);
        Assert.Equal(FaultOutcome.WriteProtected, scene.Cpu.Touch(Address + 0x5000, Access.UserWrite));
        scene.Audit();
        scene.Vm.UntrackWrites(new Gpa(Frame + 0x5000));
        Assert.True(scene.Cpu.Map(Address + 0x5000, Access.UserWrite).W);
    }

    [Fact]
    public void SplittingKeepsEveryTranslation()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, Frame, 0x65, level: 2);
        scene.Tables.Map(Address + Bytes2M, Frame, 0x67 | (1UL << 63), level: 2);
        scene.Load();
        scene.Cpu.Map(Address, Access.UserRead);
        scene.Cpu.Map(Address + Bytes2M, Access.UserWrite);
        Assert.True(scene.Vm.SplitHugePages(new Gpa(Frame), Bytes2M));
        scene.Audit();
        Assert.Equal((1024UL, 0UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M));
        for (ulong i = 0; i < 512; i += 73)
        {
            SceneLeaf leaf = scene.Cpu.Look(Address + (i << 12));
            Assert.Equal((Frame + (i << 12), 1, false, true, true), (leaf.Gpa, leaf.Level, leaf.W, leaf.U, leaf.X));
            leaf = scene.Cpu.Look(Address + Bytes2M + (i << 12));
            Assert.Equal((Frame + (i << 12), 1, true, true, false), (leaf.Gpa, leaf.Level, leaf.W, leaf.U, leaf.X));
        }
    }

    [Fact]
    public void SplittingThatRunsOutOfTablesLeavesWhatItDid()
    {
        using ShadowScene scene = new(GuestMode.Long4, tablePages: 64);
        scene.AddSlot(Far, 1 << 18);
        scene.Tables.Map(4 * Far, Far, 0x67, level: 3);
        scene.Load();
        Assert.Equal(3, scene.Cpu.Map(4 * Far, Access.UserWrite).Level);
        Assert.False(scene.Vm.SplitHugePages(new Gpa(Far), 1UL << 30));
        scene.Audit();
        for (ulong i = 0; i < 512; i += 17)
        {
            Assert.Equal(Far + (i << 21), scene.Cpu.Look((4 * Far) + (i << 21)).Gpa);
        }
    }

    [Fact]
    public void SmallPagesThatAHugeOneCouldReplaceCollapse()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, Frame, 0x67, level: 2);
        scene.Tables.Map(Address + Bytes2M, ShadowScene.Data, 0x67);
        scene.Vm.TrackWrites(new Gpa(Frame + 0x5000));
        scene.Load();
        Assert.Equal(1, scene.Cpu.Map(Address, Access.UserWrite).Level);
        scene.Cpu.Map(Address + Bytes2M, Access.UserWrite);

        // Not while there is a reason against it, and never what is small in the guest's tables.
        scene.Vm.ZapCollapsible(new Gpa(0), 0x80_0000);
        Assert.True(scene.Cpu.Look(Address).IsPresent);
        scene.Vm.UntrackWrites(new Gpa(Frame + 0x5000));
        scene.Vm.ZapCollapsible(new Gpa(0), 0x80_0000);
        scene.Audit();
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.True(scene.Cpu.Look(Address + Bytes2M).IsPresent);
        Assert.Equal(2, scene.Cpu.Map(Address, Access.UserWrite).Level);
    }

    private static (ulong Gpa, int Level) Place(in SceneLeaf leaf) => (leaf.Gpa, leaf.Level);
}
