// Bug 5: making room took the root that the fault went on to map under. The rules: a root in use is never reclaimed; the look at the root
// comes after the room is made.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug05Tests
{
    private const uint Quota = 8;
    private const ulong Count = 40;

    [Theory]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void Bug05ARootInUseOutlivesEveryReclaim(GuestMode mode)
    {
        using ShadowScene scene = new(mode, quota: Quota);
        for (ulong i = 0; i < Count; i++)
        {
            scene.Tables.Map(i << 39, ShadowScene.Data + (i << 12), 0x67);
        }

        scene.Load();
        ulong root = scene.Cpu.Root;
        for (ulong i = 0; i < Count; i++)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(i << 39, Access.UserWrite));
            Assert.Equal(ShadowScene.Data + (i << 12), scene.Cpu.Look(i << 39).Gpa);
            Assert.True(scene.Statistics.Tables <= Quota);
            scene.Cpu.Enter();
            Assert.Equal(root, scene.Cpu.Root);
            scene.Audit();
        }

        Assert.True(scene.Statistics.TablesRecycled > Count);
    }

    [Fact]
    public void Bug05RootsInUseThatFillTheQuotaAreAnOutcome()
    {
        using ShadowScene scene = new(GuestMode.Pae, quota: Quota);
        for (ulong i = 0; i < 4; i++)
        {
            scene.Tables.Map(i << 30, ShadowScene.Data + (i << 12), 0x67);
        }

        // Four tables of the root leave no room for a fault.
        scene.Load();
        Assert.Equal(FaultOutcome.OutOfPages, scene.Cpu.Touch(0, Access.SupervisorRead));
        Assert.Equal(4UL, scene.Statistics.Tables);
        scene.Audit();
    }

    [Fact]
    public void Bug05RootsThatAreOnlyKeptGiveWay()
    {
        using ShadowScene scene = new(GuestMode.Pae, quota: 14);
        for (ulong process = 0; process < 8; process++)
        {
            PageTables tables = scene.NewTables(0x20_0000 + (process << 16));
            for (ulong i = 0; i < 4; i++)
            {
                tables.Map(i << 30, ShadowScene.Data + (process << 14) + (i << 12), 0x67);
            }

            scene.Cpu.Load(scene.State with { Cr3 = 0x20_0000 + (process << 16) });
            for (ulong i = 0; i < 4; i++)
            {
                Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(i << 30, Access.UserWrite));
            }

            scene.Audit();
        }
    }
}
