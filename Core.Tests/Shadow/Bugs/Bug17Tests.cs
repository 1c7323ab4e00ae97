// Bug 17: tables got the rights of the whole path instead of the path down to them. The rule: a page's role has what the entries above it
// allow, no less and no more.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug17Tests
{
    private const ulong Full = 0x80_0000;
    private const ulong ReadOnly = 0x140_0000;
    private const ulong Supervisor = 0x1C0_0000;

    public static IEnumerable<TheoryDataRow<GuestMode, int>> Orders =>
        from mode in Enum.GetValues<GuestMode>()
        where mode != GuestMode.Unpaged
        from order in Enumerable.Range(0, 3)
        select new TheoryDataRow<GuestMode, int>(mode, order);

    [Theory]
    [MemberData(nameof(Orders))]
    public void Bug17OneTableOnThreePathsHasTheRightsOfEach(GuestMode mode, int order)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Full, ShadowScene.Data, 0x67);
        ulong entry = scene.Tables[Full, 2] | 0x20;
        scene.Tables.Map(ReadOnly, 0, 0, level: 2);
        scene.Tables.Map(Supervisor, 0, 0, level: 2);
        scene.Tables[Full, 2] = entry;
        scene.Tables[ReadOnly, 2] = entry & ~2UL;
        scene.Tables[Supervisor, 2] = entry & ~4UL;
        scene.Load();
        ulong[] addresses = [Full, ReadOnly, Supervisor];
        for (int i = 0; i < 6; i++)
        {
            ulong gva = addresses[(i + order) % 3];
            Assert.Equal(gva == Full ? FaultOutcome.Fixed : FaultOutcome.Inject, scene.Cpu.Touch(gva, Access.UserWrite));
            Assert.Equal(gva == Supervisor ? FaultOutcome.Inject : FaultOutcome.Fixed, scene.Cpu.Touch(gva, Access.UserRead));
            Assert.Equal(gva == ReadOnly ? FaultOutcome.Inject : FaultOutcome.Fixed, scene.Cpu.Touch(gva, Access.SupervisorWrite));
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(gva, Access.SupervisorRead));
            SceneLeaf leaf = scene.Cpu.Look(gva);
            Assert.Equal((ShadowScene.Data, gva != ReadOnly, gva != Supervisor), (leaf.Gpa, leaf.W, leaf.U));
            Rights missing = gva == ReadOnly ? Rights.Write : gva == Supervisor ? Rights.User : Rights.None;
            Assert.Equal((Rights)0xF & ~missing, scene.RoleOf(leaf.Table).Access);
        }
    }

    [Fact]
    public void Bug17TheRightsOfAnUpperEntryReachEveryTableBelow()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        const ulong other = 1UL << 30;
        scene.Tables.Map(Full, ShadowScene.Data, 0x67);
        scene.Tables.Map(Full + 0x1000, ShadowScene.Data + 0x1000, 0x65);
        scene.Tables.Map(other, 0, 0, level: 3);
        scene.Tables[other, 3] = scene.Tables[0, 3] & ~2UL;
        scene.Load();

        // As a guest's kernel does that gives a read-only view of its tables beside the other one.
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(other + Full, Access.UserRead));
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Full, Access.UserWrite));
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(other + Full, Access.UserWrite));
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Full + 0x1000, Access.UserWrite));
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Full, Access.UserWrite));
    }

    [Fact]
    public void Bug17LeavesOfDifferentRightsShareTheirTables()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Full, ShadowScene.Data, 0x61);
        scene.Tables.Map(Full + 0x2_0000, ShadowScene.Data + 0x1000, 0x67);
        scene.Load();
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Full, Access.SupervisorRead));
        ulong tables = scene.Statistics.TablesAllocated;
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Full + 0x2_0000, Access.UserWrite));
        Assert.Equal(tables, scene.Statistics.TablesAllocated);
        Assert.True(scene.Cpu.Look(Full).IsPresent);
        Assert.Equal((Rights)0xF, scene.RoleOf(scene.Cpu.Look(Full).Table).Access);
    }
}
