// What the host changes about mapped memory on nested paging.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class ChangeTests
{
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void WhatIsUnmappedIsGoneAndTheRestStays(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, TdpScene.GiB);
        for (ulong gpa = 0; gpa < 3 * TdpScene.MiB2; gpa += TdpScene.Page)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(gpa));
        }

        scene.Vm.UnmapRange(new(0x1000), 2 * TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(2 * TdpScene.MiB2 + 0x1000));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1000));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2));
        Assert.Equal(1UL + 511 + 2, scene.Statistics.Pages4K);
        scene.Audit();
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AHugePageThatReachesIntoTheRangeGoesAsAWhole(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        scene.Vm.UnmapRange(new(0x5000), 0x1000);
        Assert.Equal(0UL, scene.Statistics.Pages1G);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AProtectedPageIsGivenBackWithoutTheLock(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        scene.Vm.WriteProtect(new(0), TdpScene.GiB);
        Assert.Equal(0UL, scene.Leaf(0x3000).Spte & 2);
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x3000, AccessKind.Read, ViolationFlags.Present));
        using (scene.Vm.Core.Lock.EnterSharedAsHost())
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Vcpus[0].HandleViolation(new(new(0x3000), Access.UserWrite, ViolationFlags.Present), out _));
        }

        Assert.Equal(2UL, scene.Leaf(0x3000).Spte & 2);
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AFlushIsOwedForAPageThatAnotherProtectedAMomentAgo(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        SlotRecord slot = scene.Vm.Core.Slots[0].All[0];
        using (scene.Vm.Core.Lock.EnterSharedAsHost())
        {
            Assert.True(scene.Engine.Code.WriteProtect(slot, 0, 512, minimumLevel: 1));
            Assert.True(scene.Engine.Code.WriteProtect(slot, 0, 512, minimumLevel: 1));
            Assert.True(scene.Engine.Code.WriteProtectMasked(slot, 0, 1UL << 3));
            Assert.False(scene.Engine.Code.WriteProtectMasked(slot, 0, 1UL << 4));
        }
    }

    [Fact]
    public void ASplitGoesOnWhereItWasWhenItLetTheLockGo()
    {
        // More tables than are taken in one go.
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept, highest: 2);
        scene.AddSlot(0, TdpScene.GiB);
        for (ulong gpa = 0; gpa < 100 * TdpScene.MiB2; gpa += TdpScene.MiB2)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(gpa));
        }

        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.GiB));
        Assert.Equal((100UL * 512, 0UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AnAgedPageIsYoungAgainWhenItIsUsed(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        Assert.True(scene.Vm.TestAge(new(0), TdpScene.GiB));
        Assert.True(scene.Vm.Age(new(0), TdpScene.GiB));
        Assert.False(scene.Vm.TestAge(new(0), TdpScene.GiB));
        Assert.False(scene.Vm.Age(new(0), TdpScene.GiB));
        if (format == TdpFormat.EptNoAccessedDirty)
        {
            // Rights are saved away: the next access faults, and a write gets W back with them.
            Assert.Equal(0UL, scene.Leaf(0x3000).Spte & 7);
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Read));
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Write, ViolationFlags.Present));
            Assert.True(scene.Vm.TestAge(new(0), TdpScene.GiB));
        }
        else
        {
            Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x3000));
        }
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AHugePageIsSplitAndPutBack(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.GiB));
        Assert.Equal((1UL << 18, 0UL, 0UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M, scene.Statistics.Pages1G));
        scene.Audit();
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x1234_5000));
        scene.Vm.ZapCollapsible(new(0), TdpScene.GiB);
        Assert.Equal((0UL, 0UL, 1UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M, scene.Statistics.Pages1G));

        // Not writable at once: somebody may be about to notice writes to a part of it.
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x1234_5000, AccessKind.Read, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x1234_5000, AccessKind.Write, ViolationFlags.Present));
        scene.Audit();
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void PartOfAHugePageIsSplit(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        Assert.True(scene.Vm.SplitHugePages(new(0x5000), 0x1000));
        Assert.Equal((512UL, 511UL, 0UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M, scene.Statistics.Pages1G));
    }

    [Fact]
    public void ASplitThatFindsNoMemoryLeavesTheRestHuge()
    {
        using TdpScene scene = new(new TdpOptions { Format = TdpFormat.Ept }, tablePages: 64);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        Assert.False(scene.Vm.SplitHugePages(new(0), TdpScene.GiB));
        MmuStatistics statistics = scene.Statistics;
        Assert.Equal(1UL << 18, statistics.Pages4K + (statistics.Pages2M * 512));
        Assert.InRange(statistics.Pages2M, 400UL, 511UL);
        scene.Audit();
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AllIsZappedAtOnceAndTakenApartLater(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1, vcpus: 2);
        scene.AddSlot(0, TdpScene.GiB);
        for (ulong gpa = 0; gpa < 40 * TdpScene.MiB2; gpa += TdpScene.MiB2)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(gpa));
        }

        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0, vcpu: 1));
        scene.Vm.ZapAll();
        scene.Vm.ZapAll();
        scene.Audit();
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        scene.Vm.ZapAll();
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        while (scene.Vm.ReclaimObsolete())
        {
            scene.Audit();
        }

        // The other vCPU still holds its root, of which the page alone is left.
        scene.Audit();
        Assert.Equal(1UL, scene.Statistics.Pages4K);
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0, vcpu: 1));
        scene.Audit();
    }

    [Fact]
    public void AFaultOfAnOldRootIsTriedAgain()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept);
        scene.AddSlot(0, TdpScene.GiB);
        scene.Load();
        scene.Vm.ZapAll();
        Assert.Equal(FaultOutcome.Retry, scene.Vcpus[0].HandleViolation(new(new(0x3000), Access.UserWrite, ViolationFlags.None), out _));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
    }

    [Fact]
    public void ZappingAllWaitsUntilNoVcpuIsOnAnOldRoot()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Npt);
        scene.AddSlot(0, TdpScene.GiB);
        scene.Fault(0);
        Assert.Equal(RootStatus.Loaded, scene.Vcpus[0].BeginRun(out _));
        int kicks = 0;
        using System.Threading.ManualResetEventSlim kicked = new();
        scene.Host.OnKick = _ =>
        {
            kicks++;
            kicked.Set();
        };
        System.Threading.Thread host = new(scene.Vm.ZapAll);
        host.Start();
        Assert.True(kicked.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.False(host.Join(20));
        scene.Vcpus[0].EndRun();
        Assert.True(host.Join(10_000));
        Assert.Equal(1, kicks);
    }

    [Fact]
    public void TablesAreTakenApartToMakeRoom()
    {
        using TdpScene scene = new(new TdpOptions { Format = TdpFormat.Ept, HighestPageLevel = 1 }, tablePages: 64);
        scene.AddSlot(0, TdpScene.GiB);
        for (ulong gpa = 0; gpa < TdpScene.GiB; gpa += TdpScene.MiB2)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(gpa));
        }

        for (ulong gpa = 0; gpa < 600 * TdpScene.GiB; gpa += TdpScene.GiB)
        {
            Assert.Equal(FaultOutcome.Mmio, scene.Fault((2 * TdpScene.GiB) + gpa));
        }

        scene.Audit();
        Assert.True(scene.Vm.Shrink(1000) > 0);
        Assert.Equal(1UL, scene.Statistics.Tables);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void SystemManagementModeHasARootOfItsOwn(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        scene.AddSlot(0, TdpScene.MiB2, frame: TdpScene.FirstFrame + 0x10_0000, addressSpace: 1);
        scene.Fault(0);
        (ulong spte, int level) = scene.Leaf(0);
        scene.Vcpus[0].SetSystemManagement(true);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.NotEqual(spte & 0x000F_FFFF_FFFF_F000, scene.Leaf(0).Spte & 0x000F_FFFF_FFFF_F000);
        scene.Vcpus[0].SetSystemManagement(false);
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0));
        Assert.Equal((spte, level), scene.Leaf(0));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void ASlotThatGoesTakesItsMappingsWithIt(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        scene.AddSlot(TdpScene.GiB, TdpScene.GiB);
        scene.Fault(0);
        scene.Fault(TdpScene.GiB);
        scene.Vm.MoveSlot(new(TdpScene.GiB), new(2 * TdpScene.GiB));
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(TdpScene.GiB));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(2 * TdpScene.GiB));
        scene.Vm.RemoveSlot(new(0));
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(0));
        scene.Audit();
    }
}
