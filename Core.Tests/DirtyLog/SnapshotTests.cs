// Snapshots: what comes back is what was, only what was written is copied, and our tables follow the guest's.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.DirtyLog;

public sealed class SnapshotTests(ITestOutputHelper output)
{
    private const ulong Linear = LogScene.Linear;
    private const ulong Data = ShadowScene.Data;

    [Fact]
    public void EveryPageIsAsItWasAndOnlyWrittenOnesAreCopied()
    {
        using LogScene scene = new();
        _ = scene.Cpu.Store(Linear, 8, 5);
        _ = scene.Cpu.Map(Linear + 0x3F000, Access.SupervisorWrite);
        using MmuSnapshot snapshot = scene.Vm.TakeSnapshot();
        UInt128 before = Hash(scene);
        Random random = new(1);
        for (int i = 0; i < 20; i++)
        {
            HashSet<ulong> written = [];
            for (int j = 0; j < 10; j++)
            {
                ulong page = (ulong)random.Next(LogScene.Pages);
                Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(Linear + (page << 12) + ((ulong)random.Next(512) * 8), 8, (ulong)random.NextInt64()));
                _ = written.Add(page);
            }

            Assert.NotEqual(before, Hash(scene));
            Assert.InRange(snapshot.Restore(), (ulong)written.Count, (ulong)written.Count + 4);
            Assert.Equal(before, Hash(scene));
            Assert.Equal(0UL, snapshot.Restore());
            scene.Scene.Audit();
        }
    }

    [Fact]
    public void TablesOfTheGuestComeBackAndOursWithThem()
    {
        using LogScene scene = new();
        _ = scene.Cpu.Map(Linear, Access.SupervisorWrite);
        ulong at = scene.Scene.Tables.AddressOf(Linear, 1);
        scene.Scene.Tables.Map(Linear + 0x20_0000, at & ~0xFFFUL, 0x67);
        using MmuSnapshot snapshot = scene.Vm.TakeSnapshot();
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(Linear + 0x20_0000 + (at & 0xFFF), 8, 0x50_0067));
        scene.Cpu.Invalidate(Linear);
        Assert.Equal(0x50_0000UL, scene.Cpu.Map(Linear, Access.SupervisorRead).Gpa);

        // Back to the value it had, without a flush: what our table holds is neither.
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(Linear + 0x20_0000 + (at & 0xFFF), 8, Data | 0x67));
        Assert.NotEqual(0UL, snapshot.Restore());
        Assert.True(scene.Scene.OwesFlush(scene.Cpu));
        Assert.Equal(Data, scene.Cpu.Map(Linear, Access.SupervisorRead).Gpa);
        scene.Scene.Audit();
    }

    [Fact]
    public void OtherLogsAreToldOfWhatWasRestored()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        using MmuSnapshot snapshot = scene.Vm.TakeSnapshot();
        _ = scene.Cpu.Store(Linear, 8, 5);
        Assert.Contains(Data, LogScene.Harvest(log));
        Assert.NotEqual(0UL, snapshot.Restore());
        Assert.Contains(Data, LogScene.Harvest(log));
    }

    [Fact]
    public void WhatCannotBeDoneIsRefusedBeforeAnythingChanges()
    {
        using LogScene scene = new();
        scene.Scene.AddSlot(0x1_0000_0000, 16);
        scene.Scene.AddSlot(0x2_0000_0000, 16, SlotFlags.ReadOnly);
        ulong bytes = scene.Vm.Core.Private.AllocatedBytes;
        scene.Vm.Core.Private.Faults = new AllocationFaults { FailAfter = 1 };
        _ = Assert.Throws<InvalidOperationException>(scene.Vm.TakeSnapshot);
        scene.Vm.Core.Private.Faults = null;
        Assert.Equal(bytes, scene.Vm.Core.Private.AllocatedBytes);
        Assert.Equal(0, scene.Vm.Core.Slots[0].Logged);
        MmuSnapshot snapshot = scene.Vm.TakeSnapshot();
        Assert.Equal((ulong)(ShadowScene.RamPages + 16) << 12, snapshot.Bytes);
        _ = scene.Cpu.Store(Linear, 8, 5);
        scene.Vm.RemoveSlot(new Gpa(0x1_0000_0000));
        _ = Assert.Throws<InvalidOperationException>(() => snapshot.Restore());
        Assert.Equal(5UL, scene.Scene.Guest.Read(Data, 8));
        snapshot.Dispose();
        snapshot.Dispose();
        _ = Assert.Throws<ObjectDisposedException>(() => snapshot.Restore());
    }

    [Fact]
    public void RestoringAllocatesNothing()
    {
        using LogScene scene = new();
        using MmuSnapshot snapshot = scene.Vm.TakeSnapshot();
        scene.Vm.MarkDirty(new Gpa(Data), 0x5000);
        _ = snapshot.Restore();
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int Restores = 2000;
        long start = Stopwatch.GetTimestamp();
        ulong pages = 0;
        for (int i = 0; i < Restores; i++)
        {
            scene.Vm.MarkDirty(new Gpa(Data), 0x10_000);
            pages += snapshot.Restore();
        }

        TimeSpan time = Stopwatch.GetElapsedTime(start);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(16UL * Restores, pages);
        output.WriteLine($"{Restores / time.TotalSeconds:F0} restores of 16 pages a second");
    }

    private static UInt128 Hash(LogScene scene)
    {
        byte[] memory = new byte[ShadowScene.RamPages << 12];
        Assert.True(scene.Vm.TryRead(new Gpa(0), memory));
        return System.Security.Cryptography.SHA256.HashData(memory) is { } hash ? System.Runtime.InteropServices.MemoryMarshal.Read<UInt128>(hash) : default;
    }
}
