// Dirty logs on nested paging, in every format of tables: by write protection, and by dirty bits where the processor notes what it sets.
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Tdp.Rows;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.DirtyLog;

public sealed class TdpLogTests
{
    private const ulong W = 2;

    private const ulong Slot = 4 * TdpScene.MiB2;

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AWriteIsLoggedOnceUntilTheNextHarvest(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.AddSlot(0, Slot);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        using DirtyLogSession other = scene.Vm.StartDirtyLog(new Gpa(0));
        Assert.Empty(LogScene.Harvest(log));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0UL, scene.Leaf(0x3000).Spte & W);

            // The page is there: the lock is not needed.
            using (scene.Vm.Core.Lock.EnterSharedAsHost())
            {
                Assert.Equal(FaultOutcome.Fixed, scene.Vcpus[0].HandleViolation(new(new(0x3000), Access.UserWrite, ViolationFlags.Present), out _));
            }

            Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x5000 + ((ulong)i * 0x1000)));
            Assert.Equal([0x3000, 0x5000 + ((ulong)i * 0x1000)], LogScene.Harvest(log));
            scene.Audit();
        }

        Assert.Equal([0x3000UL, 0x5000, 0x6000, 0x7000], LogScene.Harvest(other));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AReadGivesNoRightToWriteAndTakesNone(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels);
        scene.AddSlot(0, Slot);
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Read));
        Assert.Equal((0UL, 1), (scene.Leaf(0x3000).Spte & W, scene.Leaf(0x3000).Level));
        Assert.Empty(LogScene.Harvest(log));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0x3000, AccessKind.Fetch, ViolationFlags.Present));
        Assert.Equal(W, scene.Leaf(0x3000).Spte & W);
        Assert.Equal([0x3000UL], LogScene.Harvest(log));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void TheFirstWriteSplitsAHugePageAndItComesBackWhenTheLogEnds(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 2);
        scene.AddSlot(0, Slot);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.Equal(2, scene.Leaf(0).Level);
        DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        Assert.Equal((0UL, 2), (scene.Leaf(0).Spte & W, scene.Leaf(0).Level));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x7000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal((W, 1), (scene.Leaf(0x7000).Spte & W, scene.Leaf(0x7000).Level));
        Assert.Equal(0UL, scene.Leaf(0x8000).Spte & W);
        Assert.Equal([0x7000UL], LogScene.Harvest(log));
        scene.Vm.ZapCollapsible(new Gpa(0), Slot);
        Assert.Equal(1, scene.Leaf(0x7000).Level);
        scene.Audit();
        log.Dispose();
        Assert.Equal(2, scene.Leaf(0x7000).Level);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x7000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal((W, 2), (scene.Leaf(0x7000).Spte & W, scene.Leaf(0x7000).Level));
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void SplitEagerlyOrAllSetNothingIsMissed(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 2);
        scene.AddSlot(0, Slot);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2));
        using (DirtyLogSession all = scene.Vm.StartDirtyLog(new Gpa(0), new DirtyLogOptions { InitiallyAllSet = true, CollapseAtEnd = false }))
        {
            Assert.Equal(W, scene.Leaf(0).Spte & W);
            ulong[] word = new ulong[1];
            Assert.Equal(64UL, all.Harvest(0, word));
            Assert.Equal(0UL, scene.Leaf(0).Spte & W);
            Assert.Equal(W, scene.Leaf(TdpScene.MiB2).Spte & W);
            scene.Audit();
        }

        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0), new DirtyLogOptions { SplitEagerly = true });
        Assert.Equal(0UL, scene.Statistics.Pages2M);
        Assert.Equal(1024UL, scene.Statistics.Pages4K);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x4000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal([0x4000UL], LogScene.Harvest(log));
        scene.Audit();
    }

    [Fact]
    internal void WhereTheProcessorNotesPagesDirtyBitsAreClearedAndWritesStayAllowed()
    {
        using TdpScene scene = Noting(TdpFormat.Ept);
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        const ulong D = 1 << 9;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(W, scene.Leaf(0x3000).Spte & (W | D));
            SetDirty(scene, 0x3000);
            Assert.Equal(1, scene.Vcpus[0].DrainDirtyPages([0x3008]));
            Assert.Equal([0x3000UL], LogScene.Harvest(log));
            scene.Audit();
        }

        scene.Vm.MarkDirty(new Gpa(0), 64 << 12);
        SetDirty(scene, 0x3000);
        Assert.Equal(64, LogScene.Harvest(log).Count);
        Assert.Equal(W, scene.Leaf(0x3000).Spte & (W | D));
    }

    [Fact]
    internal void Bug09TablesWithoutDirtyBitsAreWriteProtectedThoughTheProcessorNotes()
    {
        using TdpScene scene = Noting(TdpFormat.EptNoAccessedDirty);
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        Assert.Equal(0UL, scene.Leaf(0x3000).Spte & W);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Write, ViolationFlags.Present));
        Assert.Equal([0x3000UL], LogScene.Harvest(log));
        Assert.Equal(0UL, scene.Leaf(0x3000).Spte & W);
    }

    [Fact]
    internal void WhatIsLargerThanTheProcessorNotesIsWriteProtected()
    {
        using TdpScene scene = Noting(TdpFormat.Ept);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.MiB2));
        Assert.Equal(2, scene.Leaf(TdpScene.MiB2).Level);
        using DirtyLogSession log = scene.Vm.StartDirtyLog(new Gpa(0));
        Assert.Equal(0UL, scene.Leaf(TdpScene.MiB2).Spte & W);
    }

    private static unsafe void SetDirty(TdpScene scene, ulong gpa)
    {
        RunState run = default;
        Assert.Equal(RootStatus.Loaded, scene.Vcpus[0].BeginRun(out run));
        scene.Vcpus[0].EndRun();
        TableMemory arena = scene.Vm.TableMemory;
        ulong table = run.RootAddress & 0x000F_FFFF_FFFF_F000;
        for (int level = run.Levels; ; level--)
        {
            ref ulong entry = ref *(ulong*)(arena.HostAddress + (nuint)(table - (arena.FirstFrame.Value << 12) + (8 * ((gpa >> (3 + (9 * level))) & 511))));
            if (level == 1)
            {
                _ = Interlocked.Or(ref entry, 1UL << 9);
                return;
            }

            table = entry & 0x000F_FFFF_FFFF_F000;
        }
    }

    private static TdpScene Noting(TdpFormat format)
    {
        TdpScene scene = new(new TdpOptions { Format = format, HighestPageLevel = 2 }, pageModificationLog: true);
        scene.AddSlot(0, 2 * TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        scene.Vm.SplitHugePages(new Gpa(0), TdpScene.MiB2);
        return scene;
    }
}
