// Bug 21: a fault that met a slot on its way out was taken for MMIO. The rule: it is tried again, and nothing is cached.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug21Tests
{
    private const ulong Leaving = 0x4000_0000;

    [Theory]
    [InlineData(SlotFlags.None)]
    [InlineData(SlotFlags.ReadOnly)]
    [InlineData(SlotFlags.Resolved)]
    public void Bug21AFaultOnALeavingSlotIsTriedAgain(SlotFlags flags)
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(Leaving, 16, flags);
        scene.Tables.Map(0x80_0000, Leaving, 0x67);
        scene.Load();
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(Leaving >> 12)!;
        slot.IsLeaving = true;
        Assert.Equal(FaultOutcome.Retry, scene.Cpu.Fault(0x80_0000, Access.SupervisorRead));
        Assert.Equal(FaultOutcome.Retry, scene.Cpu.Fault(0x80_0000, Access.SupervisorWrite));
        Assert.False(scene.Cpu.Look(0x80_0000).IsReserved);
        scene.Vm.RemoveSlot(new Gpa(Leaving));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(0x80_0000, Access.SupervisorRead));
    }

    [Fact]
    public void Bug21ATableInALeavingSlotIsNotShadowedAnew()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(Leaving, 16);
        scene.Tables.Map(0x80_0000, 0, 0, level: 2);
        scene.Tables[0x80_0000, 2] = Leaving | 0x67;
        scene.Guest.Write(Leaving, 8, ShadowScene.Data | 0x67);
        scene.Load();
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(Leaving >> 12)!;
        slot.IsLeaving = true;
        Assert.Equal(FaultOutcome.Retry, scene.Cpu.Fault(0x80_0000, Access.SupervisorRead));
        Assert.False(slot.IsGuarded(Leaving >> 12));
        slot.IsLeaving = false;
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(0x80_0000, Access.SupervisorRead));
    }
}
