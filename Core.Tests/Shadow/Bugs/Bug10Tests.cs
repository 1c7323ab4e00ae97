// Bug 10: the counts against huge pages were indexed with the start of the huge page, below the slot. The rule: only frames of the slot are
// looked up.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug10Tests
{
    private const ulong HugeStart = 0x4000_0000;
    private const ulong SlotStart = HugeStart + 0x3000;
    private const int SlotPages = 1024;
    private const ulong Address = 0x80_0000;

    [Fact]
    public void Bug10ASlotThatStartsInsideAHugePageIsNeverLookedUpBelowItsStart()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(SlotStart, SlotPages);
        for (ulong i = 0; i < 3; i++)
        {
            scene.Tables.Map(Address + (i << 21), HugeStart + (i << 21), 0x67, level: 2);
        }

        scene.Load();
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address + 0x1000, Access.SupervisorWrite));
        SceneLeaf first = scene.Cpu.Map(Address + 0x3000, Access.SupervisorWrite);
        Assert.Equal((SlotStart, 1), (first.Gpa, first.Level));
        Assert.Equal(2, scene.Cpu.Map(Address + 0x20_0000, Access.SupervisorWrite).Level);
        SceneLeaf last = scene.Cpu.Map(Address + 0x40_2000, Access.SupervisorWrite);
        Assert.Equal((SlotStart + ((SlotPages - 1UL) << 12), 1), (last.Gpa, last.Level));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Address + 0x40_3000, Access.SupervisorWrite));

        // Ranges that begin below the slot and end above it.
        const ulong bytes = 0x80_0000;
        scene.Vm.WriteProtect(new Gpa(HugeStart), bytes);
        scene.Vm.ZapCollapsible(new Gpa(HugeStart), bytes);
        Assert.True(scene.Vm.SplitHugePages(new Gpa(HugeStart), bytes));
        scene.Vm.ZapCollapsible(new Gpa(HugeStart), bytes);
        scene.Audit();
        scene.Vm.UnmapRange(new Gpa(HugeStart), bytes);
        Assert.Equal(0UL, scene.Statistics.Pages4K + scene.Statistics.Pages2M);
    }

    [Fact]
    public void Bug10HugePagesAreForbiddenExactlyWhereTheSlotDoesNotFillThem()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(SlotStart, SlotPages);
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(SlotStart >> 12)!;
        for (ulong gfn = slot.BaseGfn; gfn < slot.BaseGfn + slot.Pages; gfn++)
        {
            bool whole = gfn >> 9 == (HugeStart >> 21) + 1;
            Assert.Equal(whole ? 0u : 1, slot.Huge[2, gfn]);
            Assert.Equal(1u, slot.Huge[3, gfn]);
            Assert.Equal(whole ? 2 : 1, slot.Huge.HighestAllowed(gfn, 3));
        }
    }
}
