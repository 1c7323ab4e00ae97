// Dirty rings: what goes into them, what does not, and how a vCPU stops before its ring overflows.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Tests.Judge;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.DirtyLog;

public sealed class RingTests
{
    [Fact]
    public void WhatAVcpuWritesIsInItsRingOnceUntilTheRingIsReset()
    {
        using RingScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Write(3);
        scene.Write(3);
        Assert.Equal([(log.SlotId, 3UL)], scene.Take());
        Assert.True(scene.Allows(3));
        scene.Write(3);
        Assert.Empty(scene.Take());
        Assert.Equal(1, scene.Vm.ResetDirtyRings());
        Assert.False(scene.Allows(3));
        scene.Write(3);
        Assert.Equal([(log.SlotId, 3UL)], scene.Take());
        Assert.Equal(1, scene.Vm.ResetDirtyRings());
        Assert.Equal(0, scene.Vm.ResetDirtyRings());
        Assert.Empty(LogScene.Harvest(log));
    }

    [Fact]
    public void AVcpuDoesNotEnterWithARingThatIsNearlyFull()
    {
        using RingScene scene = new();
        using DirtyLogSession log = scene.Start();
        int limit = scene.Ring.Entries - 64;
        for (int i = 0; i < limit; i++)
        {
            Assert.False(scene.Ring.IsSoftFull);
            scene.Write((ulong)i);
        }

        Assert.Equal(RootStatus.DirtyRingFull, scene.Vcpu.BeginRun(out _));
        Assert.Equal(RootStatus.DirtyRingFull, scene.Vcpu.BeginRun(out _));

        // Not before something was reset: what was only taken still fills it.
        List<(uint Slot, ulong Page)> taken = scene.Take();
        Assert.Equal(limit, taken.Count);
        Assert.Equal(RootStatus.DirtyRingFull, scene.Vcpu.BeginRun(out _));
        Assert.Equal(limit, scene.Vm.ResetDirtyRings());
        Assert.Equal(0, scene.Ring.Used);
        Assert.Equal(RootStatus.Loaded, scene.Vcpu.BeginRun(out _));
        scene.Vcpu.EndRun();
        for (int i = 0; i < limit; i++)
        {
            Assert.False(scene.Allows((ulong)i));
        }
    }

    [Fact]
    public void WhatDoesNotFitIntoTheRingIsInTheBitmap()
    {
        using RingScene scene = new();
        using DirtyLogSession log = scene.Start();
        ulong[] addresses = new ulong[scene.Ring.Entries + 10];
        for (int i = 0; i < addresses.Length; i++)
        {
            addresses[i] = RingScene.Data + ((ulong)i << 12);
        }

        Assert.Equal(addresses.Length, scene.Vcpu.DrainDirtyPages(addresses));
        Assert.Equal(scene.Ring.Entries, scene.Take().Count);
        Assert.Equal(addresses[^10..], LogScene.Harvest(log));
        Assert.Empty(LogScene.Harvest(log));
    }

    [Fact]
    public void RingsAndABitmapOfTheSameSlotAreIndependent()
    {
        using RingScene scene = new();
        using DirtyLogSession rings = scene.Start();
        using DirtyLogSession bitmap = scene.Vm.StartDirtyLog(new Gpa(RingScene.Data));
        scene.Write(1);
        Assert.Equal([RingScene.Data + 0x1000], LogScene.Harvest(bitmap));
        scene.Write(1);
        Assert.Equal([RingScene.Data + 0x1000], LogScene.Harvest(bitmap));
        Assert.Single(scene.Take());
        Assert.Equal(1, scene.Vm.ResetDirtyRings());
        scene.Write(1);
        Assert.Single(scene.Take());
        Assert.Equal([RingScene.Data + 0x1000], LogScene.Harvest(bitmap));
        Assert.Null(scene.Vm.Audit());
    }

    [Fact]
    public void EntriesOfALogThatHasEndedCountForNothing()
    {
        using RingScene scene = new();
        DirtyLogSession log = scene.Start();
        scene.Write(1);
        Assert.Single(scene.Take());
        log.Dispose();
        Assert.Equal(1, scene.Vm.ResetDirtyRings());
        scene.Write(1);
        Assert.Empty(scene.Take());
    }

    [Theory]
    [InlineData(100, false, "128 to 65536")]
    [InlineData(64, false, "128 to 65536")]
    [InlineData(1024, true, "1152 to 65536")]
    [InlineData(131072, false, "128 to 65536")]
    public void RingsHaveAPowerOfTwoOfEntriesAndAReserve(int entries, bool pml, string limit)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => MmuVm.Create(new MmuVmOptions { DirtyRingEntries = entries, PageModificationLog = pml }, new Mmu.Tests.Common.TestHost()));
        Assert.Contains(limit, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InitiallyAllSetIsNotForRings()
    {
        using RingScene scene = new();
        _ = Assert.Throws<ArgumentException>(
            () => scene.Vm.StartDirtyLog(new Gpa(RingScene.Data), new DirtyLogOptions { UseRings = true, InitiallyAllSet = true }));
    }

    [Fact]
    public void AFlushThatFailedIsOwedByTheNextReset()
    {
        using RingScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Write(3);
        Assert.Single(scene.Take());
        using GuestStay stay = new(scene.Vm.CreateVcpu());
        scene.Host.OnFlush = (_, _) => throw new InvalidOperationException("no flush");
        Assert.Throws<InvalidOperationException>(() => scene.Vm.ResetDirtyRings());
        int flushes = 0;
        scene.Host.OnFlush = (_, _) => ++flushes > 0;
        _ = scene.Vm.ResetDirtyRings();
        Assert.Equal(1, flushes);
    }
}
