// Bug 19: the flush of a write-protection was decided on W, which dirty logging had taken while a TLB still had it. The rule: MMU-writable
// decides.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug19Tests
{
    private const ulong Address = 0x80_0000;
    private const ulong Table = ShadowScene.Data;
    private const ulong Through = 0xC0_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    public void Bug19AFrameThatBecomesATableIsFlushedThoughLoggingHadTakenW(GuestMode mode)
    {
        using ShadowScene scene = Logged(mode);
        scene.Tables.Map(Through, 0, 0, level: 2);
        scene.Tables[Through, 2] = Table | 0x67;
        scene.Guest.Write(Table, scene.Tables.Shape.EntryBytes, 0x50_0067);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(Through, Access.SupervisorRead));
        Assert.True(scene.OwesFlush(scene.Cpus[1]), "The other vCPU may still write the table through its TLB.");
    }

    [Fact]
    public void Bug19AFrameThatBecomesTrackedIsFlushedThoughLoggingHadTakenW()
    {
        using ShadowScene scene = Logged(GuestMode.Long4);
        scene.Vm.TrackWrites(new Gpa(Table));
        Assert.True(scene.OwesFlush(scene.Cpus[1]));
    }

    // A page that was writable, and that dirty logging has write-protected and flushed.
    private static ShadowScene Logged(GuestMode mode)
    {
        ShadowScene scene = new(mode, vcpus: 2);
        scene.Tables.Map(Address, Table, 0x67);
        scene.Cpus[1].Load(scene.State);
        scene.Load();
        Assert.True(scene.Cpu.Map(Address, Access.SupervisorWrite).W);
        scene.Vm.WriteProtect(new Gpa(Table), 0x1000);
        Assert.False(scene.Cpu.Look(Address).W);
        Assert.True(scene.OwesFlush(scene.Cpus[1]));
        scene.Cpus[1].Enter();
        scene.Cpu.Enter();
        return scene;
    }
}
