// Huge pages that are put in the place of tables of small ones.
using System.Threading;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Vm;
using Mmu.Tests.Judge;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class RecoverTests
{
    private const ulong W = 2;

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void NoWComesBackWithTheHugePage(TdpFormat format, int levels)
    {
        using TdpScene scene = Split(format, levels);
        scene.Vm.WriteProtect(new(0x3000), TdpScene.Page);
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal((0UL, 2), (scene.Leaf(0x3000).Spte & W, scene.Leaf(0x3000).Level));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x3000, AccessKind.Read, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal((W, 2), (scene.Leaf(0x3000).Spte & W, scene.Leaf(0x3000).Level));
        scene.Audit();
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void WhatWasNotAccessedIsNotYoungForBeingHuge(TdpFormat format, int levels)
    {
        using TdpScene scene = Split(format, levels);
        Assert.True(scene.Vm.Age(new(0), TdpScene.MiB2));
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(2, scene.Leaf(0).Level);
        Assert.False(scene.Vm.TestAge(new(0), TdpScene.MiB2));
        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2));
        Assert.Equal(format == TdpFormat.EptNoAccessedDirty ? FaultOutcome.Fixed : FaultOutcome.Spurious, scene.Fault(0x3000, AccessKind.Read));
        bool young = scene.Vm.TestAge(new(0), TdpScene.MiB2);
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(young, scene.Vm.TestAge(new(0), TdpScene.MiB2));
        Assert.Equal(format == TdpFormat.EptNoAccessedDirty, young);
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void ATableThatIsPartlyFilledIsEnoughWhereTheSlotTellsTheFrames(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 2);
        scene.AddSlot(0, 2 * TdpScene.MiB2);
        scene.Vm.TrackWrites(new(0x5000));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(1, scene.Leaf(0x3000).Level);
        scene.Vm.UntrackWrites(new(0x5000));
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(2, scene.Leaf(0x5000).Level);
        Assert.Equal((0UL, 1UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x5000, AccessKind.Write, ViolationFlags.Present));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void FramesOnDemandAreHugeIfAllAreThereAndFollowEachOther(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, 2 * TdpScene.MiB2, SlotFlags.Resolved);
        ulong stray = 7;
        ResolvedKind kindOf9 = ResolvedKind.ReadOnly;
        scene.Host.OnResolve = (gfn, _) => new ResolvedFrame(
            gfn.Value == 9 ? kindOf9 : ResolvedKind.Present, new(TdpScene.FirstFrame + (gfn.Value == stray ? 0x10_0000 : gfn.Value)), 1);
        scene.TouchAll(0, 511, AccessKind.Read);
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(1, scene.Leaf(0).Level);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(511 << 12));
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(1, scene.Leaf(0).Level);
        stray = 0;
        scene.Vm.UnmapRange(new(0x7000), TdpScene.Page);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x7000));
        stray = ulong.MaxValue;
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(2, scene.Leaf(0).Level);

        // One page that the host lets nobody write: the others get W back one by one.
        Assert.Equal(FaultOutcome.Emulate, scene.Fault(0x9000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0xA000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal((W, 1), (scene.Leaf(0xA000).Spte & W, scene.Leaf(0xA000).Level));
        Assert.Equal(0UL, scene.Leaf(0x9000).Spte & W);
        scene.Audit();
    }

    // A logged page is as small as its mark.
    [Fact]
    public void PagesOfALoggedSlotStaySmall()
    {
        using TdpScene scene = Split(TdpFormat.Ept, 4);
        DirtyLogSession log = scene.Vm.StartDirtyLog(new(0), new DirtyLogOptions());
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal(512UL, scene.Statistics.Pages4K);
        log.Dispose();
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal((0UL, 1UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M));
    }

    [Fact]
    public void AHugePageIsNotExecutableWhereThatIsDangerous()
    {
        using TdpScene scene = new(new TdpOptions { Format = TdpFormat.Ept, HighestPageLevel = 2 }, nxHugePages: true);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Fetch));
        scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
        Assert.Equal((1UL, 2), (scene.Leaf(0x3000).Spte & 7, scene.Leaf(0x3000).Level));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Fetch, ViolationFlags.Present));
        Assert.Equal(1, scene.Leaf(0x3000).Level);
        scene.Audit();
    }

    // While TLBs are flushed nothing of what was there may have gone to the arena.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheTableGoesBackAfterTheFlush(bool unmaps)
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Npt, highest: 2, vcpus: 2);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2));
        uint outstanding = scene.Vm.Core.Tables.OutstandingPages;
        int flushes = 0;
        using (GuestStay stay = new(scene.Vcpus[1]))
        {
            scene.Host.OnFlush = (_, _) =>
            {
                flushes++;
                Assert.Equal(outstanding, scene.Vm.Core.Tables.OutstandingPages);
                return true;
            };
            if (unmaps)
            {
                scene.Vm.UnmapRange(new(0), TdpScene.MiB2);
            }
            else
            {
                scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2);
            }

            scene.Host.OnFlush = null;
        }

        Assert.Equal(1, flushes);
        Assert.True(scene.Vm.Core.Tables.OutstandingPages < outstanding);
    }

    private static TdpScene Split(TdpFormat format, int levels)
    {
        TdpScene scene = TdpScene.Of(format, levels, highest: 2);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2));
        Assert.Equal(512UL, scene.Statistics.Pages4K);
        return scene;
    }

    [Theory]
    [InlineData(SlotFlags.None, true)]
    [InlineData(SlotFlags.Resolved, false)]
    internal void PagesWhoseFramesMayChangeBecomeHugeOnlyWhileNobodyFaults(SlotFlags flags, bool beside)
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        scene.AddSlot(0, TdpScene.MiB2, flags);
        scene.Host.OnResolve = (gfn, _) => new ResolvedFrame(ResolvedKind.Present, new(TdpScene.FirstFrame + gfn.Value), 0) { Order = 9 };
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2));
        Thread host = new(() => scene.Vm.ZapCollapsible(new(0), TdpScene.MiB2));
        using (scene.Vm.Core.Lock.EnterSharedAsHost())
        {
            host.Start();
            Assert.Equal(beside, host.Join(beside ? 10_000 : 30));
        }

        Assert.True(host.Join(10_000));
        Assert.Equal(1UL, scene.Statistics.Pages2M);
    }
}
