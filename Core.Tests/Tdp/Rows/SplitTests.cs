// Huge pages that are split beside faults, and what their parts allow.
using System.Threading;
using Mmu.Architecture;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class SplitTests
{
    private const ulong W = 2;
    private const int Rounds = 8;

    // Two vCPUs fault, a third thread unmaps, and the pages are split and put back all the while.
    [Theory]
    [InlineData(TdpFormat.Ept)]
    [InlineData(TdpFormat.EptNoAccessedDirty)]
    [InlineData(TdpFormat.Npt)]
    internal void SplitsUnderLoadLoseNothing(TdpFormat format)
    {
        using TdpScene scene = TdpScene.Of(format, vcpus: 2);
        scene.AddSlot(0, TdpScene.GiB);
        int rounds = 0;
        Thread[] threads =
        [
            new(() => FaultUntil(scene, 0, ref rounds)),
            new(() => FaultUntil(scene, 1, ref rounds)),
            new(() =>
            {
                for (ulong at = 0; Volatile.Read(ref rounds) < Rounds; at += 17 * TdpScene.Page)
                {
                    scene.Vm.UnmapRange(new(at % TdpScene.GiB), TdpScene.Page);
                    Thread.Yield();
                }
            }),
        ];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        for (; rounds < Rounds; Volatile.Write(ref rounds, rounds + 1))
        {
            Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.GiB));
            scene.Vm.ZapCollapsible(new(0), TdpScene.GiB);
            scene.Audit();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        scene.Audit();
        scene.Vm.UnmapRange(new(0), TdpScene.GiB);
        Assert.Equal((0UL, 0UL, 0UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M, scene.Statistics.Pages1G));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void ThePartsAllowWhatTheWholeAllowed(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        scene.Vm.WriteProtect(new(0), TdpScene.GiB);
        Assert.True(scene.Vm.SplitHugePages(new(0x5000), TdpScene.Page));
        (ulong spte, int level) = scene.Leaf(0x5000);
        Assert.Equal((0UL, 1), (spte & W, level));
        Assert.Equal((TdpScene.FirstFrame + 5) << 12, spte & 0x000F_FFFF_FFFF_F000);
        Assert.Equal((TdpScene.FirstFrame + 1024) << 12, scene.Leaf(2 * TdpScene.MiB2).Spte & 0x000F_FFFF_FFFF_F000);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x5000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal((W, 0UL), (scene.Leaf(0x5000).Spte & W, scene.Leaf(0x6000).Spte & W));
        scene.Audit();
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void APageIsSplitNoFurtherThanIsAskedFor(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        ulong flushes = scene.Statistics.RemoteFlushes;
        Assert.True(scene.Vm.EngineSet.SplitHugePages(scene.Vm.Core.Slots[0].Find(0)!, 0, 1 << 18, targetLevel: 2));
        Assert.Equal((0UL, 512UL, 0UL), (scene.Statistics.Pages4K, scene.Statistics.Pages2M, scene.Statistics.Pages1G));
        Assert.Equal(flushes, scene.Statistics.RemoteFlushes);
        scene.Audit();
    }

    // The erratum is of huge pages alone: their parts may be executed again, once they are small.
    [Fact]
    public void OnlySmallPartsOfAPageThatWasTooLargeAreExecutable()
    {
        using TdpScene scene = new(new TdpOptions { Format = TdpFormat.Ept }, nxHugePages: true);
        scene.AddSlot(0, TdpScene.GiB);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.Equal(0UL, scene.Leaf(0).Spte & 4);
        Assert.True(scene.Vm.SplitHugePages(new(0), TdpScene.MiB2));
        Assert.Equal((4UL, 1), (scene.Leaf(0x7000).Spte & 4, scene.Leaf(0x7000).Level));
        Assert.Equal((0UL, 2), (scene.Leaf(TdpScene.MiB2).Spte & 4, scene.Leaf(TdpScene.MiB2).Level));
        scene.Audit();
    }

    private static void FaultUntil(TdpScene scene, int vcpu, ref int rounds)
    {
        for (ulong i = 0; Volatile.Read(ref rounds) < Rounds; i++)
        {
            ulong gpa = ((i * 0x9E3779B9UL) % (1 << 18)) << 12;
            AccessKind kind = (i & 3) == 0 ? AccessKind.Write : AccessKind.Read;
            FaultOutcome outcome = scene.Fault(gpa, kind, vcpu: vcpu);
            Assert.True(outcome is FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry, outcome.ToString());
        }
    }
}
