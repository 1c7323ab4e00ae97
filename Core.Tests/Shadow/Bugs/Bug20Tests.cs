// Bug 20: a page was linked first and brought in step later. The rule: in step first, as the guest owes no flush for an entry that becomes
// present.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug20Tests
{
    private const ulong First = 0x80_0000;
    private const ulong TableView = 0x10_0000;
    private const ulong Changed = 5UL << 12;
    private const ulong Elsewhere = 100UL << 12;

    [Theory]
    [InlineData(GuestMode.Legacy32, 0x140_0000UL, 2)]
    [InlineData(GuestMode.Pae, 0xA0_0000UL, 2)]
    [InlineData(GuestMode.Long4, 0xA0_0000UL, 2)]
    [InlineData(GuestMode.Long4, 0x4080_0000UL, 3)]
    [InlineData(GuestMode.Long4, 0x80_0080_0000UL, 4)]
    [InlineData(GuestMode.Long5, 0x80_0080_0000UL, 4)]
    public void Bug20APageIsInStepWhenASecondEntryNamesIt(GuestMode mode, ulong second, int level)
    {
        using ShadowScene scene = new(mode);
        for (ulong i = 0; i < 128; i++)
        {
            scene.Tables.Map(First + (i << 12), ShadowScene.Data + (i << 12), 0x67);
        }

        ulong table = scene.Tables.AddressOf(First, 1);
        scene.Tables.Map(TableView, table & ~0xFFFUL, 0x67);
        scene.Tables.Map(second, 0, 0, level);
        scene.Tables[second, level] = 0;
        scene.Load();
        Assert.Equal(ShadowScene.Data + Changed, scene.Cpu.Map(First + Changed, Access.SupervisorWrite).Gpa);

        // The guest changes an entry with a store of its own, and owes no flush for addresses that it never used.
        int bytes = scene.Tables.Shape.EntryBytes;
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(TableView + (table & 0xFFF) + ((ulong)bytes * 5), bytes, 0x50_0067));
        Assert.Equal(1UL, scene.Statistics.Unsyncs);
        scene.Tables[second, level] = scene.Tables[First, level];
        scene.Vm.GuestWrote(new Gpa(scene.Tables.AddressOf(second, level)), bytes);
        Assert.Equal(ShadowScene.Data + Elsewhere, scene.Cpu.Map(second + Elsewhere, Access.SupervisorRead).Gpa);
        SceneLeaf leaf = scene.Cpu.Look(second + Changed);
        Assert.True(!leaf.IsPresent || leaf.Gpa == 0x50_0000, "The new address uses what the table held before it was linked.");
        Assert.Equal(0x50_0000UL, scene.Cpu.Map(second + Changed, Access.SupervisorRead).Gpa);
    }

    [Fact]
    public void Bug20ARootIsInStepWhenASecondVcpuLoadsIt()
    {
        using ShadowScene scene = new(GuestMode.Long4, vcpus: 2);
        scene.Tables.Map(First, ShadowScene.Data, 0x67);
        scene.Tables.Map(TableView, scene.Tables.AddressOf(First, 1) & ~0xFFFUL, 0x67);
        scene.Load();
        scene.Cpu.Map(First, Access.SupervisorWrite);
        scene.Cpu.Store(TableView + (scene.Tables.AddressOf(First, 1) & 0xFFF), 8, 0x50_0067);
        scene.Cpus[1].Load(scene.State);
        SceneLeaf leaf = scene.Cpus[1].Look(First);
        Assert.True(!leaf.IsPresent || leaf.Gpa == 0x50_0000);
    }
}
