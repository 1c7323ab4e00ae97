// Shadow rows: nothing of a page that is taken apart stays, and no page is used again before the flush.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class ZapTests
{
    private const ulong Address = 0x80_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32, 1)]
    [InlineData(GuestMode.Pae, 1)]
    [InlineData(GuestMode.Long4, 1)]
    [InlineData(GuestMode.Long4, 2)]
    [InlineData(GuestMode.Long4, 3)]
    [InlineData(GuestMode.Long4, 4)]
    public void ATableTakenApartIsOutOfEveryTableThatNamedIt(GuestMode mode, int level)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        ulong frame = scene.Tables.AddressOf(Address, level);
        scene.Vm.ZapRange(new Gpa(frame & ~0xFFFUL), 0x1000);
        scene.Audit();
        scene.Cpu.Enter();
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address, Access.SupervisorWrite).Gpa);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void HugeLeavesOfATableTakenApartAreForgotten(int level)
    {
        using ShadowScene scene = new(GuestMode.Long4);
        if (level == 3)
        {
            scene.AddSlot(1UL << 30, 1 << 18);
        }

        ulong frame = level == 3 ? 1UL << 30 : 0x60_0000;
        scene.Tables.Map(1UL << 30, frame, 0x67, level);
        scene.Load();
        Assert.Equal(level, scene.Cpu.Map(1UL << 30, Access.SupervisorWrite).Level);
        scene.Vm.ZapRange(new Gpa(scene.Tables.AddressOf(1UL << 30, level) & ~0xFFFUL), 0x1000);
        scene.Audit();
        Assert.Equal(0UL, scene.Statistics.Pages2M + scene.Statistics.Pages1G);
    }

    [Fact]
    public void TablesAreFreedOnlyAfterTheFlush()
    {
        using ShadowScene scene = new(GuestMode.Long4, vcpus: 2);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        scene.Cpus[1].Load(scene.State);
        uint before = scene.Vm.Core.Tables.OutstandingPages;
        uint atFlush = 0;
        Assert.Equal(RootStatus.Loaded, scene.Cpus[1].Vcpu.BeginRun(out _));
        scene.Host.Flushed = _ => atFlush = scene.Vm.Core.Tables.OutstandingPages;
        Assert.True(scene.Cpu.Vcpu.Unprotect(new Gva(Address), new Gpa(scene.Tables.AddressOf(Address, 1)), 1));
        scene.Host.Flushed = null;
        scene.Cpus[1].Vcpu.EndRun();
        Assert.Equal(before, atFlush);
        Assert.Equal(before - 1, scene.Vm.Core.Tables.OutstandingPages);
    }

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    public void ATableIsReadOnlyAfterOthersHaveLostTheRightToWriteIt(GuestMode mode)
    {
        using ShadowScene scene = new(mode, vcpus: 2);
        const ulong table = 0x30_0000;
        const ulong view = 0x140_0000;
        int bytes = scene.Tables.Shape.EntryBytes;
        scene.Guest.Write(table, bytes, ShadowScene.Data | 0x67);
        scene.Tables.Map(view, table, 0x67);
        scene.Tables.Map(Address, 0, 0, level: 2);
        scene.Tables[Address, 2] = table | 0x67;
        scene.Cpus[1].Load(scene.State);
        Assert.True(scene.Cpus[1].Map(view, Access.SupervisorWrite).W);
        scene.Load();

        // The other vCPU has the frame writable in its TLB until it is flushed, and makes its last store then.
        Assert.Equal(RootStatus.Loaded, scene.Cpus[1].Vcpu.BeginRun(out _));
        scene.Host.Flushed = _ => scene.Guest.Write(table, bytes, 0x50_0067);
        FaultOutcome outcome = scene.Cpu.Fault(Address, Access.SupervisorRead);
        scene.Host.Flushed = null;
        scene.Cpus[1].Vcpu.EndRun();
        Assert.True(outcome is FaultOutcome.Retry or FaultOutcome.Fixed, outcome.ToString());
        Assert.Equal(0x50_0000UL, scene.Cpu.Map(Address, Access.SupervisorRead).Gpa);
    }

    [Fact]
    public void ObsoleteTablesAreNotUsedAgain()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        ulong root = scene.Cpu.Root;
        ulong allocated = scene.Statistics.TablesAllocated;
        scene.Vm.ZapAll();
        Assert.Equal(FaultOutcome.Retry, scene.Cpu.Fault(Address, Access.SupervisorWrite));
        scene.Cpu.Enter();
        Assert.NotEqual(root, scene.Cpu.Root);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        Assert.Equal(2 * allocated, scene.Statistics.TablesAllocated);
        scene.Audit();
        while (scene.Vm.ReclaimObsolete())
        {
            scene.Audit();
        }

        Assert.Equal(allocated, scene.Statistics.Tables);
        Assert.True(scene.Cpu.Look(Address).IsPresent);
    }

    [Fact]
    public void ATableThatIsWrittenAgainAndAgainIsGivenUp()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(Address, Access.SupervisorWrite);
        Gpa entry = new((scene.Tables.AddressOf(Address, 2) & ~0xFFFUL) + 0x800);
        for (int i = 0; i < 2; i++)
        {
            Assert.True(scene.Vm.TryWrite(entry, new byte[8]));
        }

        Assert.Equal(0UL, scene.Statistics.TablesFlooded);
        Assert.True(scene.Cpu.Look(Address).IsPresent);
        Assert.True(scene.Vm.TryWrite(entry, new byte[8]));
        Assert.Equal(1UL, scene.Statistics.TablesFlooded);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        scene.Audit();
    }

    [Fact]
    public void RmapListsAreCutBeforeTheyGrowTooLong()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        const ulong aliases = 1600;
        for (ulong i = 0; i < aliases; i++)
        {
            scene.Tables.Map(Address + (i << 12), ShadowScene.Data, 0x67);
        }

        scene.Load();
        for (ulong i = 0; i < aliases; i++)
        {
            scene.Cpu.Map(Address + (i << 12), Access.SupervisorWrite);
            Assert.True(scene.Statistics.Pages4K <= 1000);
        }

        scene.Audit();

        // The frame becomes a table: whoever is left in the list must lose W.
        scene.Guest.Write(ShadowScene.Data, 8, 0x50_0067);
        scene.Tables[Address - (1UL << 21) + (8UL << 21), 2] = ShadowScene.Data | 0x67;
        Assert.Equal(0x50_0000UL, scene.Cpu.Map(Address + (7UL << 21), Access.SupervisorRead).Gpa);
        scene.Audit();
    }
}
