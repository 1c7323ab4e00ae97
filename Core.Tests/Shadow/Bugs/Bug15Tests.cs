// Bug 15: INVPCID with paging off called a function that is not there. The rule: every mode has every invalidation.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Mmu.Vm;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug15Tests
{
    private static readonly ulong[] _addresses = [0, 0x80_0000, 0xFFFF_F000, 0x7FFF_FFFF_F000, 0xFFFF_8000_0000_0000, 0x8000_0000_0000];

    public static IEnumerable<TheoryDataRow<GuestMode>> Modes => from mode in Enum.GetValues<GuestMode>() select new TheoryDataRow<GuestMode>(mode);

    [Theory]
    [MemberData(nameof(Modes))]
    public void Bug15EveryInvalidationIsDefinedInEveryMode(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        if (mode != GuestMode.Unpaged)
        {
            scene.Tables.Map(0x80_0000, ShadowScene.Data, 0x67);
        }

        // Before the first root, with it, and with something mapped.
        Invalidate(scene.Cpu.Vcpu);
        scene.Load();
        Invalidate(scene.Cpu.Vcpu);
        scene.Cpu.Map(0x80_0000, Access.SupervisorWrite);
        Invalidate(scene.Cpu.Vcpu);
        scene.Cpu.Map(0x80_0000, Access.SupervisorWrite);
        scene.Audit();
    }

    [Fact]
    public void Bug15InvalidationsAfterPagingWasTurnedOffLeaveNothingBehind()
    {
        using ShadowScene scene = new(GuestMode.Pae);
        scene.Tables.Map(0x80_0000, ShadowScene.Data, 0x67);
        scene.Load();
        scene.Cpu.Map(0x80_0000, Access.SupervisorWrite);
        scene.Cpu.Load(Machine.StateOf(GuestMode.Unpaged));
        Invalidate(scene.Cpu.Vcpu);
        Assert.Equal(0x80_0000UL, scene.Cpu.Map(0x80_0000, Access.SupervisorWrite).Gpa);
        scene.Load();
        Assert.Equal(ShadowScene.Data, scene.Cpu.Map(0x80_0000, Access.SupervisorWrite).Gpa);
    }

    private static void Invalidate(MmuVcpu vcpu)
    {
        foreach (ulong address in _addresses)
        {
            vcpu.InvalidatePage(new Gva(address));
            vcpu.InvalidatePcid(0, 0, new Gva(address));
        }

        Assert.Equal(InvalidateStatus.Done, vcpu.InvalidatePcid(1, 0, default));
        Assert.Equal(InvalidateStatus.Done, vcpu.InvalidatePcid(2, 0, default));
        Assert.Equal(InvalidateStatus.Done, vcpu.InvalidatePcid(3, 0, default));
        Assert.Equal(InvalidateStatus.GeneralProtection, vcpu.InvalidatePcid(4, 0, default));
        Assert.Equal(InvalidateStatus.GeneralProtection, vcpu.InvalidatePcid(1, 1UL << 12, default));

        // No mode of these has CR4.PCIDE.
        Assert.Equal(InvalidateStatus.GeneralProtection, vcpu.InvalidatePcid(1, 5, default));
    }
}
