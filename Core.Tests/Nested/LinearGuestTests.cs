// L1 and an L2 without nested paging on shadow tables of their linear addresses, with an L2 behind EPT in between.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class LinearGuestTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21) | (9UL << 12);
    private const ulong RW = 3;

    [Fact]
    public void WhatL1OwesItsOwnTablesIsDoneWhenItComesBack()
    {
        using L2Scene scene = new(onTdp: false);
        _ = scene.Map(Address, 0x5000, RW);
        ControlState paged = Guest(scene, out ulong leaf);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.SetControlState(paged));
        Touch(scene);
        scene.Store(leaf, 0x7067);

        // MOV to CR3, and a VM entry before anything has run on it.
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LoadCr3(paged.Cr3));
        scene.Enter();
        scene.Reaches(Address, OracleKind.Write, 0x5000);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
        _ = L2Scene.Run(scene.Vcpu);
        Span<ulong> entries = stackalloc ulong[5];
        int count = scene.Vcpu.GetWalk(new Gva(0x40_0000), entries);
        Assert.NotEqual(0, count);
        Assert.NotEqual((ulong)scene.HostOf(0x6000), entries[count - 1] & 0x000F_FFFF_FFFF_F000);
        scene.Audit();
    }

    [Fact]
    public void AnL2WithoutNestedPagingHasRootsOfItsOwn()
    {
        using L2Scene scene = new(onTdp: false);
        ControlState paged = Guest(scene, out ulong leaf);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.SetControlState(paged));
        Touch(scene);
        RunState own = L2Scene.Run(scene.Vcpu);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        Touch(scene);
        RunState l2 = L2Scene.Run(scene.Vcpu);
        Assert.NotEqual(own, l2);
        Assert.Equal(RootKind.Linear, l2.Kind);
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
        Assert.Equal(own, L2Scene.Run(scene.Vcpu));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        Assert.Equal(l2, L2Scene.Run(scene.Vcpu));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));

        // L1's INVLPG concerns its own translations, INVVPID those of its guest.
        scene.Store(leaf, 0x7067);
        scene.Vcpu.InvalidatePage(new Gva(0x40_0000));
        Assert.Equal(0UL, LeafFrame(scene));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        Assert.Equal((ulong)scene.HostOf(0x6000), LeafFrame(scene));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
        Assert.Equal(InvalidateStatus.Done, scene.Vcpu.InvalidateVpid(1, 3, default));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.EnterNested(paged, new NestedTag(3)));
        _ = L2Scene.Run(scene.Vcpu);
        Assert.NotEqual((ulong)scene.HostOf(0x6000), LeafFrame(scene));
        Assert.Equal(ControlStateStatus.Legal, scene.Vcpu.LeaveNested(paged));
    }

    // L1 with 4-level paging: 0x40_0000 is its page at 0x6000.
    private static ControlState Guest(L2Scene scene, out ulong leaf)
    {
        ulong[] tables = [scene.NewTable(), scene.NewTable(), scene.NewTable(), scene.NewTable()];
        scene.Word(tables[0]) = tables[1] | 0x67;
        scene.Word(tables[1]) = tables[2] | 0x67;
        scene.Word(tables[2] + 16) = tables[3] | 0x67;
        scene.Word(tables[3]) = 0x6067;
        leaf = tables[3];
        return new ControlState { Cr0 = 0x8001_0001, Cr3 = tables[0], Cr4 = 0x20, Efer = 0xD00 };
    }

    private static void Touch(L2Scene scene)
    {
        _ = L2Scene.Run(scene.Vcpu);
        FaultOutcome outcome = scene.Vcpu.HandleFault(new FaultRequest(new Gva(0x40_0000), Access.SupervisorWrite, PageFaultCode.Write), out _);
        Assert.True(outcome is FaultOutcome.Fixed or FaultOutcome.Spurious, outcome.ToString());
    }

    private static ulong LeafFrame(L2Scene scene)
    {
        Span<ulong> entries = stackalloc ulong[5];
        int count = scene.Vcpu.GetWalk(new Gva(0x40_0000), entries);
        return count == 4 && (entries[3] & 1) != 0 ? entries[3] & 0x000F_FFFF_FFFF_F000 : 0;
    }
}
