// Tables that are taken apart: after all was zapped, and to make room.
using System;
using System.Diagnostics;
using System.Threading;
using Mmu.Architecture;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Tdp.Rows;

public sealed class ZapTests(ITestOutputHelper output)
{
    private const int PagesPerTable = 64;

    private static int Tables => Environment.GetEnvironmentVariable("MMU_LONG") is { Length: > 0 } ? 1_000_000 / PagesPerTable : 1500;

    // However much is mapped, faults go on at once; the tables go beside them.
    [Fact]
    public void FaultsGoOnWhileAGreatManyPagesAreTakenApart()
    {
        using TdpScene scene = new(new TdpOptions { Format = TdpFormat.Ept, HighestPageLevel = 1 }, vcpus: 2, tablePages: 1 << 15);
        scene.AddSlot(0, 64 * TdpScene.GiB);
        for (ulong table = 0; table < (ulong)Tables; table++)
        {
            scene.TouchAll(table * 512, (table * 512) + PagesPerTable);
        }

        Assert.Equal((ulong)(Tables * PagesPerTable), scene.Statistics.Pages4K);
        long start = Stopwatch.GetTimestamp();
        scene.Vm.ZapAll();
        TimeSpan zap = Stopwatch.GetElapsedTime(start);
        long longest = 0;
        ulong mapped = 0;
        bool more = true;
        Thread vcpu = new(() =>
        {
            while (Volatile.Read(ref more))
            {
                long from = Stopwatch.GetTimestamp();
                Assert.Equal(FaultOutcome.Fixed, scene.Fault(mapped++ << 12));
                longest = Math.Max(longest, Stopwatch.GetTimestamp() - from);
            }
        });
        vcpu.Start();
        while (scene.Vm.ReclaimObsolete())
        {
        }

        Volatile.Write(ref more, false);
        vcpu.Join();
        output.WriteLine($"{Tables * PagesPerTable} pages: zap-all {zap.TotalMicroseconds:f0} us, longest fault {Stopwatch.GetElapsedTime(0, longest).TotalMicroseconds:f0} us");
        Assert.Equal(mapped, scene.Statistics.Pages4K);
        scene.Audit();
    }

    [Fact]
    public void SeveralThreadsTakeRootsApart()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Npt, highest: 1, vcpus: 2);
        scene.AddSlot(0, 4 * TdpScene.GiB);
        for (int round = 0; round < 5; round++)
        {
            for (ulong gpa = 0; gpa < 100 * TdpScene.MiB2; gpa += TdpScene.MiB2)
            {
                Assert.Equal(FaultOutcome.Fixed, scene.Fault(gpa));
            }

            scene.Vm.ZapAll();
        }

        scene.Audit();
        Thread[] threads = new Thread[3];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                for (int call = 0; call < 200; call++)
                {
                    _ = scene.Vm.ReclaimObsolete();
                }
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.False(scene.Vm.ReclaimObsolete());
        scene.Audit();
        Assert.Equal(0UL, scene.Statistics.Tables);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
    }

    // Who holds a root keeps its page, though all below it is gone; the last who lets go gives it back.
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void ARootsPageStaysAsLongAsAVcpuHoldsIt(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1, vcpus: 3);
        scene.AddSlot(0, TdpScene.GiB);
        scene.Load();
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Mmu.Memory.PageHandle root = scene.Engine.State.Roots.Of(0);
        Assert.Equal(4, scene.Engine.State.Pages[root].References);
        scene.Vm.ZapAll();
        while (scene.Vm.ReclaimObsolete())
        {
        }

        Assert.Equal(3, scene.Engine.State.Pages[root].References);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.NotEqual(root, scene.Engine.State.Roots.Of(0));
        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0, vcpu: 1));
        scene.Vcpus[2].Dispose();
        uint before = scene.Vm.Core.Tables.OutstandingPages;
        scene.Vm.ZapAll();
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        while (scene.Vm.ReclaimObsolete())
        {
        }

        Assert.Equal(FaultOutcome.Spurious, scene.Fault(0, vcpu: 1));
        Assert.InRange(scene.Vm.Core.Tables.OutstandingPages, 0U, before + (2 * Mmu.Tdp.TdpVcpu.PagesPerFault));
        scene.Audit();
    }

    // A whole turn of the hand takes each table once, wherever it stood.
    [Fact]
    public void ShrinkingGoesRoundAndForgetsNoTable()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept, highest: 1);
        scene.AddSlot(0, TdpScene.GiB);
        const int tables = 16;
        for (ulong i = 0; i < tables; i++)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(i * TdpScene.MiB2));
        }

        // What goes comes back at once: a hand that does not move would take the same one for ever.
        int[] taken = new int[tables];
        for (int call = 0; call < 2 * tables; call++)
        {
            Assert.Equal(1, scene.Vm.Shrink(1));
            for (ulong i = 0; i < tables; i++)
            {
                if (scene.Fault(i * TdpScene.MiB2) == FaultOutcome.Fixed)
                {
                    taken[i]++;
                }
            }
        }

        Assert.All(taken, times => Assert.Equal(2, times));
        scene.Audit();
    }

    // MMIO entries remember 18 bits of the generation: before the first comes again, entries of it must be gone.
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AGenerationThatComesAgainFindsNoEntryOfItsOwn(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.Load();
        Assert.Equal(0U, scene.Vm.Core.SlotGeneration);
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(TdpScene.GiB));
        Mmu.Memory.PageHandle root = scene.Engine.State.Roots.Of(0);
        scene.Vm.Core.SlotGeneration = (1 << 18) - 1;
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(TdpScene.GiB));
        scene.AddSlot(0, TdpScene.MiB2);
        Assert.Equal(0U, scene.Vm.Core.SlotGeneration);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
        Assert.NotEqual(root, scene.Engine.State.Roots.Of(0));
        Assert.True(Mmu.Sptes.Spte.IsEmpty(scene.Word(TdpScene.GiB)));
        scene.AddSlot(TdpScene.GiB, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.GiB, AccessKind.Read, ViolationFlags.Misconfigured));
    }

    // As if the fault had come between the taking apart of all tables and the first generation.
    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AnEntryOfTheLastGenerationThatCameLateIsGoneWhenItComesAgain(TdpFormat format, int levels)
    {
        using TdpScene scene = TdpScene.Of(format, levels, highest: 1);
        scene.Load();
        scene.Vm.Core.SlotGeneration = (1 << 18) - 1;
        Assert.Equal(FaultOutcome.Mmio, scene.Fault(TdpScene.GiB));
        scene.Vm.Core.SlotGeneration = 0;
        scene.AddSlot(0, TdpScene.MiB2);
        scene.Vm.Core.SlotGeneration = (1 << 18) - 2;
        scene.AddSlot(TdpScene.GiB, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(TdpScene.GiB, AccessKind.Read, ViolationFlags.Misconfigured));
    }
}
