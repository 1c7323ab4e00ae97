// Bug 3: an MMIO entry was stored over a present one. The rule: what is there is dropped first, with its rmap entry.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug03Tests
{
    private const ulong Address = 0x80_0000;
    private const ulong Device = 0x5000_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void Bug03AnMmioEntryReplacesAPresentOneWithItsRmapEntry(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, ShadowScene.Data, 0x25);
        scene.Load();
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(Address, Access.UserRead).Gpa);
        Assert.Equal(1UL, scene.Statistics.Pages4K);

        // Behind our back; the present entry allows no write, so that a write faults and finds the device.
        scene.Tables[Address, 1] = Device | 0x67;
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Fault(Address, Access.UserWrite, PageFaultCode.Present | PageFaultCode.Write | PageFaultCode.User));
        Assert.Equal(Device, scene.Cpu.Result.Gpa.Value);
        Assert.True(scene.Cpu.Look(Address).IsReserved);
        Assert.Equal(0UL, scene.Statistics.Pages4K);
        scene.Audit();
    }

    [Fact]
    public void Bug03AnMmioEntryBelowAHugePageReplacesIt()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, 0x60_0000, 0x25, level: 2);
        scene.Load();
        Assert.Equal(2, scene.Cpu.Map(Address, Access.UserRead).Level);
        scene.Tables[Address, 2] = Device | 0xE7;
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Fault(Address, Access.UserWrite, PageFaultCode.Present | PageFaultCode.Write | PageFaultCode.User));
        Assert.Equal(0UL, scene.Statistics.Pages2M);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
    }
}
