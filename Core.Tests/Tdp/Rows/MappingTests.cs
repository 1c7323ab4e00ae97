// What a fault of the second dimension maps.
using System;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class MappingTests
{
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void ASlotIsMappedByTheLargestPagesThatFit(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, 2 * TdpScene.GiB);
        scene.AddSlot(4 * TdpScene.GiB, 3 * TdpScene.MiB2);
        scene.AddSlot(5 * TdpScene.GiB + TdpScene.Page, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1234_5000));
        Assert.Equal(3, scene.Leaf(0x1234_5000).Level);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(4 * TdpScene.GiB + 0x5123));
        Assert.Equal(2, scene.Leaf(4 * TdpScene.GiB).Level);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(5 * TdpScene.GiB + TdpScene.Page));
        Assert.Equal(1, scene.Leaf(5 * TdpScene.GiB + TdpScene.Page).Level);
        Assert.Equal((1UL, 1UL, 1UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M, scene.Statistics.Pages1G));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x0123_4000));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void FramesThatAreNotAlignedAlikeAreMappedSmall(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, 4 * TdpScene.MiB2, frame: TdpScene.FirstFrame + 1);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2));
        Assert.Equal(1, scene.Leaf(TdpScene.MiB2).Level);
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void WhereNoSlotIsAnEntrySaysSoUntilSlotsChange(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0xFEE0_0000));
        ulong stores = scene.Statistics.SpteStores;
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0xFEE0_0000, AccessKind.Read, ViolationFlags.Misconfigured));
        Assert.Equal(stores, scene.Statistics.SpteStores);
        scene.AddSlot(0xFEE0_0000, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0xFEE0_0000, AccessKind.Read, ViolationFlags.Misconfigured));
        scene.Audit();
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(1UL << 60));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AReadOnlySlotIsReadAndItsWritesGoToADevice(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.MiB2, SlotFlags.ReadOnly);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000, AccessKind.Read));
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0x1000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x1000, AccessKind.Fetch));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void ATrackedFrameIsReadOnlyAndKeepsItsNeighboursSmall(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, 4 * TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        scene.Vm.TrackWrites(new(0x5000));
        Assert.Equal(FaultOutcome.WriteProtected, scene.Fault(0x5000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x6000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(1, scene.Leaf(0x6000).Level);
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x5000, AccessKind.Read));
        scene.Audit();
        scene.Vm.UntrackWrites(new(0x5000));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x5000, AccessKind.Write, ViolationFlags.Present));
    }

    [Fact]
    public void AShadowedFrameThatCanBeWrittenIsNamedByTheAudit()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Npt, highest: 1);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        System.Func<SlotRecord, ulong, bool>? ask = scene.Vm.Core.IsShadowedInStep;
        Assert.NotNull(ask);
        SlotRecord slot = scene.Vm.Core.Slots[0].Find(3)!;
        Assert.False(ask(slot, 3));
        slot.SetGuarded(3, guarded: true);
        scene.Vm.Core.IsShadowedInStep = (_, gfn) => gfn == 3;
        Assert.Contains("shadowed", scene.Vm.Audit(), System.StringComparison.Ordinal);
        scene.Vm.Core.IsShadowedInStep = ask;
        slot.SetGuarded(3, guarded: false);
        scene.Audit();
    }

    [Fact]
    public void AHugePageIsNotExecutableWhereThatIsDangerous()
    {
        foreach (TdpFormat format in Enum.GetValues<TdpFormat>())
        {
            using TdpScene scene = new(new TdpOptions { Format = format }, nxHugePages: true);
            scene.AddSlot(0, TdpScene.GiB);
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000, AccessKind.Read));
            Assert.Equal(3, scene.Leaf(0x1000).Level);
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000, AccessKind.Fetch, ViolationFlags.Present));
            Assert.Equal(1, scene.Leaf(0x1000).Level);
            Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x2000, AccessKind.Fetch));
            Assert.Equal(2, scene.Leaf(TdpScene.MiB2).Level);
        }
    }

    [Fact]
    public void PrivateMemoryIsNotSharedMemory()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        scene.AddSlot(0, 2 * TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        scene.Vm.SetPrivate(new(TdpScene.MiB2), 3 * TdpScene.MiB2, isPrivate: true);
        Assert.Equal(FaultOutcome.MemoryFault, scene.Fault(TdpScene.MiB2));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2, AccessKind.Write, ViolationFlags.Private));
        Assert.Equal(2, scene.Leaf(TdpScene.MiB2).Level);
        Assert.Equal(FaultOutcome.MemoryFault, scene.Fault(TdpScene.MiB2, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.MemoryFault, scene.Fault(0x1000, AccessKind.Write, ViolationFlags.Private));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        Assert.Equal(2, scene.Leaf(0x1000).Level);
        scene.Vm.SetPrivate(new(0x1000), 0x1000, isPrivate: true);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x2000));
        Assert.Equal(1, scene.Leaf(0x2000).Level);
        scene.Vm.SetPrivate(new(0), 4 * TdpScene.MiB2, isPrivate: false);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        scene.Vm.ZapAll();
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        Assert.Equal(3, scene.Leaf(0x1000).Level);
    }

    [Fact]
    public void ASlotToBeExecutedOnlyLetsNothingElseThrough()
    {
        using TdpScene scene = new(new TdpOptions { Format = TdpFormat.Ept, ExecuteOnly = true });
        scene.AddSlot(0, TdpScene.MiB2, SlotFlags.ExecuteOnly);
        Assert.Equal(FaultOutcome.MemoryFault, scene.Fault(0x1000, AccessKind.Read));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000, AccessKind.Fetch));
        Assert.Equal(FaultOutcome.MemoryFault, scene.Fault(0x1000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(4UL, scene.Leaf(0x1000).Spte & 7);
    }

    [Theory]
    [InlineData(TdpFormat.Ept, SlotFlags.None, false, 6UL << 3 | 1 << 6)]
    [InlineData(TdpFormat.Ept, SlotFlags.None, true, 6UL << 3)]
    [InlineData(TdpFormat.EptNoAccessedDirty, SlotFlags.Device, false, 0UL)]
    internal void AnEptLeafHasTheMemoryTypeOfItsSlot(TdpFormat format, SlotFlags flags, bool honours, ulong expected)
    {
        using TdpScene scene = new(new TdpOptions { Format = format, HonoursGuestPat = honours });
        scene.AddSlot(0, TdpScene.MiB2, flags);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        Assert.Equal(expected, scene.Leaf(0x1000).Spte & 0x78);
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AResolvedSlotIsMappedAsItsAnswersSay(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, 2 * TdpScene.GiB, SlotFlags.Resolved);
        int order = 9;
        ResolvedKind kind = ResolvedKind.Present;
        scene.Host.OnResolve = (gfn, _) => new ResolvedFrame(kind, new(TdpScene.FirstFrame + gfn.Value), 7) { Order = order };
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2 + 0x3000));
        Assert.Equal(2, scene.Leaf(TdpScene.MiB2).Level);
        order = 0;
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        Assert.Equal(1, scene.Leaf(0x3000).Level);
        order = 18;
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.GiB + 0x3000));
        Assert.Equal(3, scene.Leaf(TdpScene.GiB).Level);

        // Copy-on-write: read-only first, then another frame.
        order = 0;
        kind = ResolvedKind.ReadOnly;
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x9000, AccessKind.Read));
        Assert.Equal(FaultOutcome.Emulate, scene.Fault(0x9000, AccessKind.Write, ViolationFlags.Present));
        kind = ResolvedKind.Present;
        scene.Host.OnResolve = (gfn, _) => new ResolvedFrame(kind, new(TdpScene.FirstFrame + 0x8_0000), 7);
        scene.Host.Logs = true;
        Assert.Equal(RootStatus.Loaded, scene.Vcpus[0].BeginRun(out _));
        scene.Vcpus[0].EndRun();
        _ = scene.Host.Take();
        Assert.Equal(FaultOutcome.Fixed, scene.Vcpus[0].HandleViolation(new(new(0x9000), Access.UserWrite, ViolationFlags.Present), out _));
        Assert.Equal(RootStatus.Loaded, scene.Vcpus[0].BeginRun(out _));
        scene.Vcpus[0].EndRun();
        Assert.Equal(["flush 0 All"], scene.Host.Take());
        scene.Host.Logs = false;
        Assert.Equal((TdpScene.FirstFrame + 0x8_0000) << 12, scene.Leaf(0x9000).Spte & 0x000F_FFFF_FFFF_F000);
        kind = ResolvedKind.NotYet;
        Assert.Equal(FaultOutcome.NotYet, scene.Fault(0xA000));
        kind = ResolvedKind.Poisoned;
        Assert.Equal(FaultOutcome.Poisoned, scene.Fault(0xA000));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void MemoryCanBeMappedBeforeItIsAccessed(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, 2 * TdpScene.MiB2 + (3 * TdpScene.Page));
        scene.Load();
        Assert.Equal(FaultOutcome.Fixed, scene.Vcpus[0].Prefault(new(0x3000), 2 * TdpScene.MiB2, out ulong done));
        Assert.Equal(2 * TdpScene.MiB2, done);
        Assert.Equal((2UL, 3UL), (scene.Statistics.Pages2M, scene.Statistics.Pages4K));
        Assert.Equal(FaultOutcome.Mmio, scene.Vcpus[0].Prefault(new(2 * TdpScene.MiB2), TdpScene.MiB2, out done));
        Assert.Equal(3 * TdpScene.Page, done);
        Assert.False(scene.Vm.TestAge(new(0), 2 * TdpScene.MiB2));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void WhatTheTablesDoNotReachIsNotMappedAheadAtWhatTheyDo(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, TdpScene.MiB2);
        scene.Load();
        ulong beyond = 1UL << (levels == 4 ? 48 : 57);
        Assert.Equal(FaultOutcome.Mmio, scene.Vcpus[0].Prefault(new(beyond + 0x3000), TdpScene.Page, out ulong done));
        Assert.Equal(0UL, done);
        Assert.Equal(1UL, scene.Statistics.Tables);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Read, ViolationFlags.Misconfigured));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AHugePageIsNotMappedWhileAPartOfItIsUnmapped(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.MiB2, SlotFlags.Resolved);
        scene.Load();
        bool underWay = false;
        scene.Host.OnResolve = (gfn, _) =>
        {
            if (!underWay)
            {
                // The host takes another frame of the same 2 MiB away; it has not come to the end of that.
                using MmuWriteGuard held = scene.Vm.Core.Lock.Enter();
                scene.Vm.Core.Sequence.Begin(5, 6);
                underWay = true;
            }

            return new ResolvedFrame(ResolvedKind.Present, new(TdpScene.FirstFrame + gfn.Value), 0) { Order = 9 };
        };
        Assert.Equal(FaultOutcome.Retry, scene.Fault(0x3000));
        Assert.Equal(0UL, scene.Statistics.Pages2M);
        using (MmuWriteGuard held = scene.Vm.Core.Lock.Enter())
        {
            scene.Vm.Core.Sequence.End();
        }

        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        Assert.Equal(1UL, scene.Statistics.Pages2M);
    }

    [Fact]
    public void MemoryThatCannotAllBecomePrivateStaysAsItIs()
    {
        using TdpScene scene = new(new TdpOptions { Format = TdpFormat.Ept }, tablePages: 64, privateBytes: 4 << 20);
        scene.AddSlot(0, TdpScene.MiB2);
        scene.AddSlot(TdpScene.GiB, 70 * TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        Assert.Throws<InvalidOperationException>(() => scene.Vm.SetPrivate(new(0), 71 * TdpScene.GiB, isPrivate: true));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x1000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.MemoryFault, scene.Fault(0x1000, AccessKind.Write, ViolationFlags.Private));
    }
}
