// Vm tests: statistics under KVM's names, as a meter, and rare events.
using System;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Tdp.Rows;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Vm;

[CollectionDefinition(nameof(InsightTests), DisableParallelization = true)]
[Collection(nameof(InsightTests))]
public sealed class InsightTests
{
    private const ulong Linear = 0x80_0000;

    [Fact]
    public void NamesAreKvmsAndEachOnce()
    {
        string[] names = [.. KvmStatistics.All.Select(statistic => statistic.Name)];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Subset(names.ToHashSet(), new HashSet<string> { "mmu_shadow_zapped", "mmu_pte_write", "remote_tlb_flush", "pages_4k", "pf_fixed", "nx_lpage_splits" });
    }

    [Fact]
    public void WhatAShadowGuestDoesIsCounted()
    {
        using ShadowScene scene = new(GuestMode.Long4, vcpus: 2);
        scene.Tables.Map(Linear, ShadowScene.Data, 0x67);
        scene.Tables.Map(Linear + 0x1000, ShadowScene.Data, 0x67);
        scene.Load();
        Dictionary<string, ulong> before = Read(scene.Statistics);
        _ = scene.Cpu.Map(Linear, Access.UserWrite);
        _ = scene.Cpu.Map(Linear + 0x1000, Access.UserWrite);
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Linear + 0x10_0000, Access.UserWrite));
        scene.Cpu.Invalidate(Linear);
        byte[] entry = new byte[8];
        Assert.True(scene.Vm.TryWrite(new Gpa(scene.Tables.AddressOf(Linear, 3)), entry));
        Dictionary<string, ulong> after = Read(scene.Statistics);

        Assert.Equal(1UL, after["pf_guest"]);
        Assert.Equal(2UL, after["max_mmu_rmap_size"]);
        Assert.Equal(1UL, after["invlpg"]);
        Assert.Equal(before["tlb_flush"] + 1, after["tlb_flush"]);
        Assert.Equal(1UL, after["mmu_pte_write"]);
        Assert.Equal(1UL, after["mmu_pde_zapped"]);
        Assert.True(after["remote_tlb_flush_requests"] > before["remote_tlb_flush_requests"]);
        Assert.Equal(before["remote_tlb_flush"], after["remote_tlb_flush"]);
    }

    [Fact]
    public void CountsOfAVcpuOutliveIt()
    {
        using TdpScene scene = TdpScene.Of(TdpFormat.Ept, vcpus: 2);
        scene.Load();
        ulong flushes = scene.Statistics.TlbFlushes;
        Assert.True(flushes >= 2);
        scene.Vcpus[1].Dispose();
        Assert.Equal(flushes, scene.Statistics.TlbFlushes);
    }

    [Fact]
    public void AMeterPublishesWhatStatisticsSay()
    {
        Dictionary<string, long> read = [];
        using MeterListener listener = new();
        using (TdpScene scene = TdpScene.Of(TdpFormat.Npt))
        {
            scene.AddSlot(0, TdpScene.MiB2);
            Assert.Equal(FaultOutcome.Fixed, scene.Fault(0));
            Meter meter = scene.Vm.PublishMeter("guest 1");
            Assert.Throws<InvalidOperationException>(() => scene.Vm.PublishMeter("guest 2"));
            Assert.Equal(("Mmu", "guest 1"), (meter.Name, meter.Tags!.Single().Value));
            listener.InstrumentPublished = (instrument, of) =>
            {
                if (instrument.Meter == meter)
                {
                    of.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => read[instrument.Name] = value);
            listener.Start();
            listener.RecordObservableInstruments();
            Assert.Equal(Read(scene.Statistics), read.ToDictionary(pair => pair.Key, pair => (ulong)pair.Value));
            Assert.Equal(1, read["pages_2m"]);
            read.Clear();
        }

        // It ended with the VM.
        listener.RecordObservableInstruments();
        Assert.Empty(read);
    }

    [Fact]
    public void RareEventsReachListeners()
    {
        // Alone: while somebody listens, events allocate, which other tests measure.
        using Listener listener = new();
        int vm;
        using (TdpScene scene = TdpScene.Of(TdpFormat.Ept))
        {
            vm = scene.Vm.Core.Number;
            scene.AddSlot(0, TdpScene.MiB2);
            scene.Vm.StartDirtyLog(default).Dispose();
            scene.Vm.ZapAll();
            scene.Vm.RemoveSlot(default);
        }

        Assert.Equal(
            ["VmCreated", "SlotAdded 0 200000", "DirtyLogStarted 0 200000", "DirtyLogEnded 0 200000", "AllZapped", "SlotRemoved 0 200000", "VmDestroyed"],
            listener.Of(vm));
    }

    private static Dictionary<string, ulong> Read(MmuStatistics statistics) => KvmStatistics.All.ToDictionary(of => of.Name, of => of.Of(statistics));

    private sealed class Listener : EventListener
    {
        private readonly List<(long Vm, string Text)> _events = [];

        internal string[] Of(int vm)
        {
            lock (_events)
            {
                return [.. _events.Where(read => read.Vm == vm).Select(read => read.Text)];
            }
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Mmu")
            {
                EnableEvents(eventSource, EventLevel.Verbose);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            lock (_events)
            {
                _events.Add(((long)eventData.Payload![0]!, string.Join(' ', [eventData.EventName!, .. eventData.Payload.Skip(1).Select(word => $"{word:x}")])));
            }
        }
    }
}
