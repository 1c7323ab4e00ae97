// What a consumer may ask, in which order, and what it is told if it may not.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Tests.Judge;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.DirtyLog;

public sealed class SessionTests
{
    private const ulong Linear = LogScene.Linear;
    private const ulong Data = ShadowScene.Data;

    [Fact]
    public void ASecondConsumerIsExactFromItsFirstCall()
    {
        using LogScene scene = new();
        using DirtyLogSession first = scene.Start();
        _ = scene.Cpu.Map(Linear, Access.SupervisorWrite);
        using DirtyLogSession second = scene.Start();
        Assert.Empty(LogScene.Harvest(second));
        Assert.False(scene.Cpu.Look(Linear).W);
        Assert.Contains(Data, LogScene.Harvest(first));
        _ = scene.Cpu.Map(Linear, Access.SupervisorWrite);
        Assert.Equal([Data], LogScene.Harvest(second));

        // The first one was not asked: it still has it.
        Assert.Equal([Data], LogScene.Harvest(first));
        scene.Scene.Audit();
    }

    [Fact]
    public void AConsumerThatFailsHalfWayLosesNothing()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        Write(scene, 0, 1, 2, 40);
        List<ulong> wanted = LogScene.Get(log);

        // It copies the first two, says so, and fails. Meanwhile the guest writes one of them again.
        log.Clear((wanted[0] - log.SlotBase.Value) >> 12, ((wanted[1] - wanted[0]) >> 12) + 1);
        Write(scene, 0);
        List<ulong> again = LogScene.Get(log);
        Assert.Equal([.. wanted.Skip(2).Append(Data).Distinct().Order()], again);
        Assert.Equal(again, LogScene.Get(log));
        log.Clear(0, log.Pages);
        Assert.Empty(LogScene.Get(log));
    }

    [Fact]
    public void AWriteBetweenGetAndClearIsReportedNextTime()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        Write(scene, 5);
        Assert.Contains(Data + 0x5000, LogScene.Get(log));
        Write(scene, 5);
        log.Clear(0, log.Pages);
        Assert.Equal([Data + 0x5000], LogScene.Harvest(log));
    }

    [Fact]
    public void ClearEndsBeforeItsEnd()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Vm.MarkDirty(new Gpa(Data), 0x80_000);
        Assert.Equal(128, LogScene.Get(log).Count);
        log.Clear((Data >> 12) + 3, 67);
        List<ulong> left = LogScene.Get(log);
        Assert.Equal([0, 1, 2, .. Enumerable.Range(70, 58)], left.Select(page => (int)((page - Data) >> 12)));
    }

    [Fact]
    public void AFlushThatFailsInTheMiddleOfAHarvestLosesNothing()
    {
        using LogScene scene = new(vcpus: 2);
        using DirtyLogSession log = scene.Start();
        Write(scene, 3, 9);
        ulong[] bitmap = new ulong[log.Words];
        DirtyRange[] ranges = new DirtyRange[10];
        using HostThread other = new();
        Assert.Equal(RootStatus.Loaded, scene.Scene.Cpus[1].Vcpu.BeginRun(out _));
        other.Run(() =>
        {
            scene.Scene.Host.Flushed = _ => throw new TimeoutException();
            _ = Assert.Throws<TimeoutException>(() => log.Harvest(bitmap));
            _ = Assert.Throws<TimeoutException>(() => log.Harvest(ranges));
            bool flushed = false;
            scene.Scene.Host.Flushed = _ => flushed = true;
            Assert.Superset(new HashSet<ulong> { Data + 0x3000, Data + 0x9000 }, LogScene.Harvest(log).ToHashSet());
            Assert.True(flushed, "The flush of the harvest that failed is still owed.");
        });
        scene.Scene.Cpus[1].Vcpu.EndRun();
    }

    [Fact]
    public void RangesAreAscendingAndCoalescedAndTheRestStays()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Vm.MarkDirty(new Gpa(0x3F000), 0x42000);
        scene.Vm.MarkDirty(new Gpa(0x10_0000), 1);
        scene.Vm.MarkDirty(new Gpa(0x10_2000), 1);
        scene.Vm.MarkDirty(new Gpa(0x80_0000), 0x3000);
        DirtyRange[] ranges = new DirtyRange[2];
        Assert.Equal(2, log.Harvest(ranges));
        Assert.Equal([new DirtyRange(new Gpa(0x3F000), 0x42000), new DirtyRange(new Gpa(0x10_0000), 0x1000)], ranges);
        Assert.Equal(2, log.Harvest(ranges));
        Assert.Equal([new DirtyRange(new Gpa(0x10_2000), 0x1000), new DirtyRange(new Gpa(0x80_0000), 0x3000)], ranges);
        Assert.Equal(0, log.Harvest(ranges));
    }

    [Fact]
    public void RangesReportWhatWasNotConfirmed()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Vm.MarkDirty(new Gpa(0x5000), 1);
        Assert.Equal([0x5000UL], LogScene.Get(log));
        DirtyRange[] ranges = new DirtyRange[2];
        Assert.Equal(1, log.Harvest(ranges));
        Assert.Empty(LogScene.Get(log));
    }

    [Fact]
    public void AHarvestOfAPartLeavesTheOthers()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Vm.MarkDirty(new Gpa(0), 0x1000 * 300);
        ulong[] part = new ulong[2];
        Assert.Equal(128UL, log.Harvest(64, part));
        Assert.Equal(300 - 128, LogScene.Harvest(log).Count);
    }

    [Fact]
    public void InitiallyEveryPageIsDirtyAndStaysWritableUntilItIsHarvested()
    {
        using LogScene scene = new();
        _ = scene.Cpu.Map(Linear, Access.SupervisorWrite);
        using DirtyLogSession log = scene.Start(new DirtyLogOptions { InitiallyAllSet = true });
        Assert.True(scene.Cpu.Look(Linear).W);
        ulong[] first = new ulong[(Data >> 18) + 1];
        Assert.Equal((ulong)first.Length * 64, log.Harvest(0, first));
        Assert.False(scene.Cpu.Look(Linear).W);
        Assert.Equal((int)log.Pages - (first.Length * 64), LogScene.Harvest(log).Count);
        Write(scene, 0);
        Assert.Contains(Data, LogScene.Harvest(log));
        scene.Scene.Audit();
    }

    [Fact]
    public void AHarvestCostsWhatIsDirtyAndAllocatesNothing()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start();
        ulong[] bitmap = new ulong[log.Words];
        DirtyRange[] ranges = new DirtyRange[64];
        _ = log.Harvest(bitmap);
        _ = log.Get(0, bitmap);
        log.Clear(0, log.Pages);
        Use();
        ulong visited = log.WordsVisited;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Use();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.InRange(log.WordsVisited - visited, 5UL, 100UL);

        void Use()
        {
            ulong pages = 0;
            scene.Vm.MarkDirty(new Gpa(Data), 0x3000);
            pages += log.Harvest(bitmap);
            scene.Vm.MarkDirty(new Gpa(Data), 0x3000);
            pages += log.Get(0, bitmap);
            log.Clear(0, log.Pages);
            scene.Vm.MarkDirty(new Gpa(Data), 0x3000);
            pages += (ulong)log.Harvest(ranges);
            if (pages != 7)
            {
                throw new InvalidOperationException();
            }
        }
    }

    [Fact]
    public void AWriteThatTheLogMissesIsNamed()
    {
        using LogScene scene = new();
        using DirtyLogSession log = scene.Start(new DirtyLogOptions { Verify = true });
        Write(scene, 0);
        Assert.Empty(log.FindMissedWrites());
        _ = LogScene.Harvest(log);
        Assert.Empty(log.FindMissedWrites());
        scene.Scene.Guest.Write(Data + 0x7008, 8, 1);
        Assert.Equal([new Gpa(Data + 0x7000)], log.FindMissedWrites());
        scene.Vm.MarkDirty(new Gpa(Data + 0x7008), 8);
        Assert.Empty(log.FindMissedWrites());
        DirtyRange[] ranges = new DirtyRange[4];
        Assert.Equal(1, log.Harvest(ranges));
        Assert.Empty(log.FindMissedWrites());
    }

    [Fact]
    public void ALogThatDoesNotFitChangesNothing()
    {
        using LogScene scene = new();
        _ = scene.Cpu.Map(Linear, Access.SupervisorWrite);
        DirtyLogOptions options = new() { Verify = true };
        int attempts = Attempts(scene, options);
        for (int failAfter = 0; failAfter < attempts; failAfter++)
        {
            ulong bytes = scene.Vm.Core.Private.AllocatedBytes;
            scene.Vm.Core.Private.Faults = new AllocationFaults { FailAfter = failAfter };
            InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => scene.Start(options));
            Assert.Contains("MmuVmOptions.PrivateBytes", e.Message, StringComparison.Ordinal);
            scene.Vm.Core.Private.Faults = null;
            Assert.Equal(bytes, scene.Vm.Core.Private.AllocatedBytes);
            Assert.True(scene.Cpu.Look(Linear).W);
            scene.Scene.Audit();
        }

        using DirtyLogSession log = scene.Start();
        scene.Vm.Core.Private.Faults = new AllocationFaults { FailAfter = 0 };
        scene.Vm.MarkDirty(new Gpa(Data), 1);
        _ = Assert.Throws<InvalidOperationException>(() => LogScene.Get(log));
        scene.Vm.Core.Private.Faults = null;
        Assert.Equal([Data], LogScene.Get(log));
    }

    [Fact]
    public void ASessionEndsWithItsSlot()
    {
        using LogScene scene = new();
        scene.Scene.AddSlot(0x1_0000_0000, 16);
        scene.Scene.AddSlot(0x2_0000_0000, 16);
        DirtyLogSession removed = scene.Vm.StartDirtyLog(new Gpa(0x1_0000_0000));
        DirtyLogSession moved = scene.Vm.StartDirtyLog(new Gpa(0x2_0000_0000));
        scene.Vm.RemoveSlot(new Gpa(0x1_0000_0000));
        scene.Vm.MoveSlot(new Gpa(0x2_0000_0000), new Gpa(0x1_0000_0000));
        foreach (DirtyLogSession log in new[] { removed, moved })
        {
            Assert.True(log.IsEnded);
            InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => LogScene.Harvest(log));
            Assert.Contains("has ended", e.Message, StringComparison.Ordinal);
            log.Dispose();
        }

        using DirtyLogSession again = scene.Vm.StartDirtyLog(new Gpa(0x1_0000_0000));
        scene.Vm.MarkDirty(new Gpa(0x1_0000_3000), 1);
        Assert.Equal([0x1_0000_3000UL], LogScene.Harvest(again));
    }

    [Fact]
    public void EndingGivesEverythingBack()
    {
        using LogScene scene = new();
        ulong bytes = scene.Vm.Core.Private.AllocatedBytes;
        ulong metadata = scene.Vm.MetadataBytes;
        DirtyLogSession first = scene.Start(new DirtyLogOptions { Verify = true });
        DirtyLogSession second = scene.Start();
        _ = LogScene.Get(second);
        Assert.True(scene.Vm.MetadataBytes > metadata);
        first.Dispose();
        first.Dispose();
        Write(scene, 1);
        Assert.Contains(Data + 0x1000, LogScene.Harvest(second));
        second.Dispose();
        Assert.Equal(bytes, scene.Vm.Core.Private.AllocatedBytes);
        Assert.Equal(0, scene.Vm.Core.Slots[0].Logged);
        Assert.Equal(RootStatus.Loaded, scene.Cpu.Vcpu.BeginRun(out _));
        scene.Cpu.Vcpu.EndRun();
    }

    [Fact]
    public void WrongArgumentsAreNamedWithTheirLimits()
    {
        using LogScene scene = new();
        Assert.Contains("No memory slot starts", Assert.Throws<ArgumentException>(() => scene.Vm.StartDirtyLog(new Gpa(0x1000))).Message, StringComparison.Ordinal);
        Assert.Contains("DirtyRingEntries", Assert.Throws<ArgumentException>(() => scene.Start(new DirtyLogOptions { UseRings = true })).Message, StringComparison.Ordinal);
        using DirtyLogSession log = scene.Start();
        Assert.Contains("have 64", Assert.Throws<ArgumentException>(() => log.Harvest(new ulong[3])).Message, StringComparison.Ordinal);
        Assert.Contains("multiple of 64", Assert.Throws<ArgumentException>(() => log.Harvest(3, new ulong[3])).Message, StringComparison.Ordinal);
        Assert.Contains("slot's 64 words", Assert.Throws<ArgumentException>(() => log.Get(64, new ulong[64])).Message, StringComparison.Ordinal);
        Assert.Contains("4096 pages", Assert.Throws<ArgumentOutOfRangeException>(() => log.Clear(1, 4096)).Message, StringComparison.Ordinal);
        _ = Assert.Throws<ArgumentException>(() => log.Harvest(Span<DirtyRange>.Empty));
        _ = Assert.Throws<ArgumentOutOfRangeException>(() => scene.Vm.MarkDirty(new Gpa(0), ulong.MaxValue));
        _ = Assert.Throws<InvalidOperationException>(log.FindMissedWrites);
    }

    private static int Attempts(LogScene scene, DirtyLogOptions options)
    {
        AllocationFaults count = new();
        scene.Vm.Core.Private.Faults = count;
        scene.Start(options).Dispose();
        scene.Vm.Core.Private.Faults = null;
        _ = scene.Cpu.Map(Linear, Access.SupervisorWrite);
        return count.Attempts;
    }

    private static void Write(LogScene scene, params ReadOnlySpan<int> pages)
    {
        foreach (int page in pages)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Store(Linear + ((ulong)page << 12), 8, (ulong)page + 1));
        }
    }
}
