// Vm tests: what a trace tells of both engines.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Tests.Memory;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Tdp.Rows;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Vm;

public sealed class TraceTests
{
    private const ulong Linear = 0x80_0000;
    private const ulong Device = 0x8000_0000;

    [Fact]
    public void AShadowFaultTellsItsWalkItsTablesAndItsLeaf()
    {
        using TraceMemory memory = new();
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Linear, ShadowScene.Data, 0x7);
        scene.Load();
        scene.Vm.Trace = memory.Ring;
        SceneLeaf leaf = scene.Cpu.Map(Linear, Access.UserWrite);
        scene.Vm.Trace = null;

        List<TraceEvent> events = memory.Read();
        Assert.Equal(
            ["kvm_page_fault", "kvm_mmu_pagetable_walk", "kvm_mmu_paging_element", "kvm_mmu_spte_requested", "kvm_mmu_set_spte"],
            events.Select(read => TracePoints.NameOf(read.Point)).Where(name => name is not ("kvm_mmu_get_page" or "kvm_mmu_set_accessed_bit" or "kvm_mmu_set_dirty_bit")));
        Assert.Equal(3, events.Count(read => read.Point == TracePoint.GetPage && read[5] == 1));
        Assert.Equal((Linear, 0), (events[0][0], events[0].Vcpu));
        TraceEvent set = events.Single(read => read.Point == TracePoint.SetSpte);
        Assert.Equal((ShadowScene.Data >> 12, leaf.Entry, 1UL), (set[0], set[1], set[3]));
        Assert.Equal(leaf.Entry, scene.ArenaWord(set[2]));

        // The walk marked the guest's entries.
        Assert.Contains(events, read => read.Point == TracePoint.SetAccessedBit && read[0] == scene.Tables.AddressOf(Linear, 4));
        Assert.Equal(scene.Tables.AddressOf(Linear, 1), events.Single(read => read.Point == TracePoint.SetDirtyBit)[0]);
    }

    [Fact]
    public void WhatTheGuestRefusesIsAWalkersError()
    {
        using TraceMemory memory = new();
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Load();
        scene.Vm.Trace = memory.Ring;
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Linear, Access.UserWrite));
        Assert.Equal((ulong)(PageFaultCode.Write | PageFaultCode.User), memory.Read().Single(read => read.Point == TracePoint.WalkerError)[0]);
    }

    [Fact]
    public void MmioEntriesTellWhenTheyAreMadeAndMet()
    {
        using TraceMemory memory = new();
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Linear, Device, 0x67);
        scene.Load();
        scene.Vm.Trace = memory.Ring;
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Linear, Access.UserWrite));
        Assert.Equal(FaultOutcome.Mmio, scene.Cpu.Touch(Linear, Access.UserWrite));
        Assert.Equal(Device >> 12, memory.Read().Single(read => read.Point == TracePoint.MarkMmioSpte)[1]);
        TraceEvent check = memory.Read().Single(read => read.Point == TracePoint.CheckMmioSpte);
        Assert.Equal(check[1], check[2]);
        Assert.Equal(Device >> 12, memory.Read().Single(read => read.Point == TracePoint.HandleMmioPageFault)[1]);
        Assert.Equal(1UL, scene.Statistics.MmioEntries);
    }

    [Fact]
    public void TablesTellOfTheirLives()
    {
        using TraceMemory memory = new();
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Linear, ShadowScene.Data, 0x67);
        ulong table = scene.Tables.AddressOf(Linear, 1) & ~0xFFFUL;
        scene.Tables.Map(Linear + 0x1000, table, 0x67);
        scene.Load();
        scene.Vm.Trace = memory.Ring;
        _ = scene.Cpu.Map(Linear, Access.UserWrite);
        _ = scene.Cpu.Map(Linear + 0x1000, Access.UserWrite);
        Assert.Equal(table >> 12, memory.Read().Single(read => read.Point == TracePoint.UnsyncPage)[1]);
        Assert.Equal(1UL, scene.Statistics.UnsyncTables);
        scene.Cpu.LoadCr3(scene.State.Cr3);
        Assert.Equal(0UL, scene.Statistics.UnsyncTables);
        Assert.Contains(memory.Read(), read => read.Point == TracePoint.SyncPage && read[1] == table >> 12);
        scene.Vm.ZapAll();
        _ = scene.Vm.ReclaimObsolete();
        Assert.Single(memory.Read(), read => read.Point == TracePoint.ZapAllFast);
        Assert.Contains(memory.Read(), read => read.Point == TracePoint.PrepareZapPage && read[1] == table >> 12);
    }

    [Theory]
    [MemberData(nameof(TdpFormats.All), MemberType = typeof(TdpFormats))]
    internal void AViolationTellsEachEntryThatChanges(TdpFormat format, int levels)
    {
        using TraceMemory memory = new();
        using TdpScene scene = TdpScene.Of(format, levels, highest: 2);
        scene.AddSlot(0, TdpScene.MiB2);
        scene.Load();
        scene.Vm.Trace = memory.Ring;
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000));
        List<TraceEvent> events = memory.Read();
        Assert.Equal((TracePoint.PageFault, TracePoint.SpteRequested), (events[0].Point, events[1].Point));
        Assert.Equal((3UL, 2UL), (events[1][0], events[1][2]));
        TraceEvent[] changes = [.. events.Where(read => read.Point == TracePoint.TdpSpteChanged)];
        Assert.Equal(Enumerable.Range(2, levels - 1).Reverse().Select(level => (ulong)level), changes.Select(read => read[2]));
        Assert.All(changes, read => Assert.Equal((0UL, 0UL), (read[0], read[1])));
        Assert.Equal(scene.Leaf(0).Spte, changes[^1][4]);
        Assert.Equal(TracePoint.SetSpte, events[^1].Point);

        scene.Vm.WriteProtect(default, TdpScene.MiB2);
        Assert.Equal(FaultOutcome.Fixed, scene.Fault(0x3000, AccessKind.Write, ViolationFlags.Present));
        TraceEvent fast = memory.Read()[^1];
        Assert.Equal((TracePoint.FastPageFault, 1UL, scene.Leaf(0).Spte), (fast.Point, fast[5], fast[4]));
        Assert.Equal(1UL, scene.Statistics.FaultsFast);

        Assert.True(scene.Vm.SplitHugePages(default, TdpScene.MiB2));
        TraceEvent split = Assert.Single(memory.Read(), read => read.Point == TracePoint.SplitHugePage);
        Assert.Equal((0UL, 2UL), (split[0], split[2]));
        scene.Vm.ZapAll();
        Assert.Single(memory.Read(), read => read.Point == TracePoint.ZapAllFast);
    }

    [Fact]
    public void ATraceAllocatesNothing()
    {
        using TraceMemory memory = new();
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept, highest: 1);
        scene.AddSlot(0, 64 * TdpScene.MiB2);
        scene.Load();
        scene.Vm.Trace = memory.Ring;
        long least = long.MaxValue;
        for (ulong round = 0; round < 5 && least != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (ulong page = 0; page < 512; page++)
            {
                _ = scene.Vcpus[0].HandleViolation(
                    new ViolationRequest(new Gpa((round * TdpScene.MiB2) + (page << 12)), new Access(AccessKind.Write), ViolationFlags.None), out _);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.True(memory.Ring.Count > 512 * 3);
    }
}
