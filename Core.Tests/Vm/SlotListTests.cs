// Vm tests: an address space is given the slots it is to have; slots become read-only and writable again.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Judge;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Tdp.Rows;
using Mmu.Vm;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Vm;

public sealed class SlotListTests
{
    private const ulong Linear = 0x80_0000;
    private static readonly nuint s_nowhere = unchecked((nuint)0x10_0000_0000UL);

    [Fact]
    public void WhatIsWantedAlreadyStaysWithItsMappings()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        Assert.Equal(3, scene.Vm.SetSlots([Slot(2), Slot(0), Slot(4)]));
        foreach (ulong at in (ulong[])[0, 2, 4])
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(at * TdpScene.MiB2));
        }

        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(4 * TdpScene.MiB2));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(4 * TdpScene.MiB2));
        Assert.Equal(0, scene.Vm.SetSlots([Slot(0), Slot(2), Slot(4)]));

        // One goes, one comes, one is other memory.
        Assert.Equal(3, scene.Vm.SetSlots([Slot(4), Slot(6), Slot(2) with { HostFrame = new Pfn(1UL << 25) }]));
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(2 * TdpScene.MiB2));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(4 * TdpScene.MiB2));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(6 * TdpScene.MiB2));
        Assert.False(log.IsEnded);
        Assert.Equal([4UL, 8, 12], Bases(scene.Vm));
        Assert.Equal(3, scene.Vm.SetSlots([]));
        Assert.True(log.IsEnded);
        Assert.Empty(Bases(scene.Vm));
    }

    [Fact]
    public void AListThatCannotBeChangesNothing()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        Assert.Equal(1, scene.Vm.SetSlots([Slot(0)]));
        Assert.Contains("overlaps", Assert.Throws<ArgumentException>(() => scene.Vm.SetSlots([Slot(2), Slot(1) with { Size = 2 * TdpScene.MiB2 }])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => scene.Vm.SetSlots([Slot(2), Slot(4) with { Size = 5 }]));
        Assert.Throws<ArgumentException>(() => scene.Vm.SetSlots([Slot(2) with { Base = new Gpa(MmuVm.GuestAddressLimit) }]));
        Assert.Equal([0UL], Bases(scene.Vm));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
    }

    [Fact]
    public void WithoutRoomForAllNoneComesAndNoneGoes()
    {
        using TdpScene scene = new(new TdpOptions(), privateBytes: 56UL << 20);
        Assert.Equal(1, scene.Vm.SetSlots([Slot(0)]));
        Assert.Throws<InvalidOperationException>(() => scene.Vm.SetSlots([Slot(2), Slot(4) with { Size = 1UL << 38 }, Slot(1UL << 18) with { Size = 1UL << 38 }]));
        Assert.Equal([0UL], Bases(scene.Vm));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.Equal(2, scene.Vm.SetSlots([Slot(2)]));
    }

    // As many flushes as batches, where a change at a time takes one for each slot.
    [Fact]
    public void ThousandSlotsThatAreReplacedShareTheirFlushes()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept, vcpus: 2);
        MemorySlot[] slots = [.. Enumerable.Range(0, 1000).Select(i => Page((ulong)i * 2))];
        MemorySlot[] others = [.. slots.Select(slot => slot with { HostFrame = new Pfn(slot.HostFrame.Value + 1) })];
        Assert.Equal(1000, scene.Vm.SetSlots(slots));
        foreach (MemorySlot slot in slots)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(slot.Base.Value));
        }

        using (GuestStay stay = new(scene.Vcpus[1]))
        {
            ulong before = scene.Statistics.RemoteFlushes;
            Assert.Equal(1000, scene.Vm.SetSlots(others));
            Assert.InRange(scene.Statistics.RemoteFlushes - before, 1UL, 4UL);
        }

        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.Equal(1, scene.Vm.SetSlots([.. others[..^1]]));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void ASlotBecomesReadOnlyAndWritableAgainUnderNestedPaging(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        scene.Vm.SetReadOnly(default, isReadOnly: true);
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0x3000));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Read));
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0x3000, AccessKind.Write, ViolationFlags.Present));
        Assert.False(scene.Vm.TryWrite(default, [1]));
        Assert.Equal(1, scene.Vm.SetSlots([Slot(0)]));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Write, ViolationFlags.Present));
    }

    [Fact]
    public void ASlotBecomesReadOnlyAndWritableAgainUnderShadowPaging()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(0x200_0000, 16);
        scene.Tables.Map(Linear, 0x200_0000, 0x67);
        scene.Load();
        Assert.True(scene.Cpu.Map(Linear, Access.UserWrite).W);
        scene.Vm.SetReadOnly(new Gpa(0x200_0000), isReadOnly: true);
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Linear, Access.UserWrite));
        Assert.False(scene.Cpu.Map(Linear, Access.UserRead).W);
        Assert.False(scene.Vm.TryWrite(new Gpa(0x200_0000), [1]));
        scene.Vm.SetReadOnly(new Gpa(0x200_0000), isReadOnly: false);
        Assert.True(scene.Cpu.Map(Linear, Access.UserWrite).W);
        Assert.True(scene.Vm.TryWrite(new Gpa(0x200_0000), [1]));
        Assert.Throws<ArgumentException>(() => scene.Vm.SetReadOnly(new Gpa(0x300_0000), isReadOnly: true));
    }

    [Fact]
    public void ASlotWhoseWritersCouldNotBeFlushedStaysWritable()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Npt);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        using (GuestStay stay = new(scene.Vcpus[0]))
        {
            scene.Host.OnFlush = (_, _) => throw new InvalidOperationException("no flush");
            Assert.Throws<InvalidOperationException>(() => scene.Vm.SetReadOnly(default, isReadOnly: true));
            scene.Host.OnFlush = null;
        }

        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
    }

    private static IEnumerable<ulong> Bases(MmuVm vm) => vm.Core.Slots[0].All.ToArray().Select(slot => slot.BaseGfn >> 8);

    private static MemorySlot Slot(ulong at) => Page(at << 9) with { Size = TdpScene.MiB2 };

    private static MemorySlot Page(ulong gfn) =>
        new(new Gpa(gfn << 12), TdpScene.Page, s_nowhere + (nuint)(gfn << 12), SlotFlags.None) { HostFrame = new Pfn(TdpScene.FirstFrame + gfn) };
}
