// Write protection and the clearing of dirty bits, as a dirty log asks for them.
using System.Threading;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Sptes;
using Mmu.Tests.Judge;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class WriteTrackingTests
{
    private const ulong W = 2;

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AMaskNamesThePagesThatAreProtected(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, TdpScene.GiB);
        scene.TouchAll(64, 128);
        Assert.True(scene.Pass(slot => scene.Vm.EngineSet.WriteProtectMasked(shared: true, slot, 64, 0x8000_0000_0000_0011)));
        for (ulong i = 0; i < 64; i++)
        {
            Assert.Equal(i is 0 or 4 or 63 ? 0UL : W, scene.Leaf((64 + i) << 12).Spte & W);
        }

        scene.Audit();
    }

    // Bug 19: another may have taken W, and not have flushed yet.
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void WhoFindsWGoneAsksForAFlushAllTheSame(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, TdpScene.GiB);
        scene.TouchAll(0, 1);
        Assert.True(scene.Pass(slot => scene.Vm.EngineSet.WriteProtect(shared: true, slot, 0, 1, minimumLevel: 1)));
        Assert.True(scene.Pass(slot => scene.Vm.EngineSet.WriteProtect(shared: true, slot, 0, 1, minimumLevel: 1)));
        Assert.True(scene.Pass(slot => scene.Vm.EngineSet.WriteProtectMasked(shared: true, slot, 0, 1)));
        Assert.False(scene.Pass(slot => scene.Vm.EngineSet.WriteProtect(shared: true, slot, 1, 512, minimumLevel: 1)));
        Assert.False(scene.Pass(slot => scene.Vm.EngineSet.WriteProtectMasked(shared: true, slot, 0, 2)));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void PagesBelowTheLevelThatIsAskedForStayWritable(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.MiB2 + TdpScene.Page);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2));
        Assert.True(scene.Pass(slot => scene.Vm.EngineSet.WriteProtect(shared: true, slot, 0, 513, minimumLevel: 2)));
        Assert.Equal((0UL, 2), (scene.Leaf(0).Spte & W, scene.Leaf(0).Level));
        Assert.Equal((W, 1), (scene.Leaf(TdpScene.MiB2).Spte & W, scene.Leaf(TdpScene.MiB2).Level));
    }

    // Where the processor sets D, D goes and W stays; elsewhere W must go, as nothing else notices the next write. Tables are left alone (bug 25).
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AClearedDirtyBitMakesTheNextWriteShow(TdpFormat format, int levels)
    {
        bool marks = format != TdpFormat.EptNoAccessedDirty;
        ulong dirty = format == TdpFormat.Npt ? 1UL << 6 : 1UL << 9;
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, TdpScene.GiB);
        scene.TouchAll(0, 4);
        ulong table = scene.Entries(0)[^2];
        Assert.Equal(dirty, scene.Leaf(0x1000).Spte & dirty);
        Assert.True(scene.Pass(slot => scene.Vm.EngineSet.ClearDirtyMasked(shared: true, slot, 0, 0b0010)));
        Assert.True(scene.Pass(slot => scene.Vm.EngineSet.ClearDirty(shared: true, slot, 2, 3)));
        for (ulong gfn = 0; gfn < 4; gfn++)
        {
            bool clean = gfn is 1 or 2;
            Assert.Equal(clean ? 0 : dirty, scene.Leaf(gfn << 12).Spte & dirty);
            Assert.Equal(clean && !marks ? 0 : W, scene.Leaf(gfn << 12).Spte & W);
        }

        Assert.Equal(table, scene.Entries(0)[^2]);
        Assert.Equal(marks ? FaultOutcome.Spurious : FaultOutcome.Fixed, scene.Fault(0x1000, flags: ViolationFlags.Present));
        Assert.Equal(W, scene.Leaf(0x1000).Spte & W);
        Assert.False(scene.Pass(slot => scene.Vm.EngineSet.ClearDirty(shared: true, slot, 100, 200)));
        scene.Audit();
    }

    // The pass has read the huge entry; a split replaces it by a table of writable pages.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PagesThatASplitMadeMeanwhileAreProtectedToo(bool masked)
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept, highest: 2);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        AtPoint(SchedulePointKind.TdpDirtyClear, () => Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2)), () => Assert.True(scene.Pass(slot => masked
            ? scene.Vm.EngineSet.WriteProtectMasked(shared: true, slot, 0, ulong.MaxValue)
            : scene.Vm.EngineSet.WriteProtect(shared: true, slot, 0, 512, minimumLevel: 1))));
        for (ulong gfn = 0; gfn < (masked ? 64UL : 512UL); gfn++)
        {
            Assert.Equal((0UL, 1), (scene.Leaf(gfn << 12).Spte & W, scene.Leaf(gfn << 12).Level));
        }

        scene.Audit();
    }

    [Fact]
    public void PagesThatASplitMadeMeanwhileAreAgedToo()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept, highest: 2);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        AtPoint(SchedulePointKind.TdpAge, () => Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2)), () => Assert.True(scene.Vm.Age(new(0), TdpScene.MiB2)));
        Assert.False(scene.Vm.TestAge(new(0), TdpScene.MiB2));
        Assert.Equal(512UL, scene.Statistics.Pages4K);
    }

    // A huge page is being put back: whoever finds its entry held takes nothing, but a TLB may still have what is going.
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void WhatAnotherHoldsIsToBeFlushed(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 2, vcpus: 2);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2));
        using GuestStay stay = new(scene.Vcpus[1]);
        ulong held = 0;
        bool range = false;
        bool mask = false;
        scene.Host.OnFlush = (_, _) =>
        {
            scene.Host.OnFlush = null;
            Thread other = new(() =>
            {
                held = scene.Word(0);
                range = scene.Pass(slot => scene.Vm.EngineSet.WriteProtect(shared: true, slot, 0, 512, minimumLevel: 1));
                mask = scene.Pass(slot => scene.Vm.EngineSet.WriteProtectMasked(shared: true, slot, 0, 1));
            });
            other.Start();
            other.Join();
            return true;
        };
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(Spte.Frozen, held);
        Assert.True(range);
        Assert.True(mask);
        Assert.Equal((0UL, 2), (scene.Leaf(0).Spte & W, scene.Leaf(0).Level));
        scene.Audit();
    }

    // Runs the action once, on another thread, when this one comes to the point.
    private static void AtPoint(SchedulePointKind point, System.Action action, System.Action run)
    {
#if !MMU_ASSERT
        Assert.Skip("Schedule points exist in Debug only.");
#endif
        bool done = false;
        SchedulePoint.Hook = kind =>
        {
            if (kind == point && !done)
            {
                done = true;
                using HostThread other = new();
                other.Run(action);
            }
        };
        try
        {
            run();
        }
        finally
        {
            SchedulePoint.Hook = null;
        }

        Assert.True(done);
    }
}
