// Memory tests: the ring of a trace.
using System;
using System.Linq;
using System.Threading;
using Mmu.Diagnostics;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class TraceRingTests
{
    private const ulong Burst = 5000;

    [Fact]
    public void EventsAreReadByNumberAsTheyWereWritten()
    {
        using TraceMemory memory = new(4);
        memory.Ring.Write(TracePoint.SetSpte, 1, 2, 3, 4);
        memory.Ring.Write(TracePoint.PageFault, 5, 6, vcpu: 7);

        Assert.Equal(2UL, memory.Ring.Count);
        Assert.True(memory.Ring.TryRead(0, out TraceEvent first));
        Assert.Equal((0UL, TracePoint.SetSpte, -1), (first.Number, first.Point, first.Vcpu));
        Assert.Equal([1UL, 2, 3, 4], Enumerable.Range(0, 4).Select(i => first[i]));
        Assert.Equal("kvm_mmu_set_spte: gfn 1 spte 2 sptep 3 level 4", first.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => first[4]);
        Assert.True(memory.Ring.TryRead(1, out TraceEvent second));
        Assert.Equal("kvm_page_fault: vcpu 7 fault_address 5 error_code 6", second.ToString());
        Assert.False(memory.Ring.TryRead(2, out _));
    }

    [Fact]
    public void TheLatestEventsStay()
    {
        using TraceMemory memory = new(4);
        for (ulong i = 0; i < 10; i++)
        {
            memory.Ring.Write(TracePoint.SetDirtyBit, i);
        }

        Assert.Equal([6UL, 7, 8, 9], memory.Read().Select(read => read[0]));
        Assert.False(memory.Ring.TryRead(5, out _));
    }

    [Fact]
    public void WhateverStandsInTheMemoryIsNoEventOfUnknownKind()
    {
        using TraceMemory memory = new(2);
        memory.Ring.Write(TracePoint.SetDirtyBit, 1);
        memory.Words[1] = uint.MaxValue;
        Assert.False(memory.Ring.TryRead(0, out _));

        // As if somebody wrote the event for ever.
        memory.Words.Fill(ulong.MaxValue);
        memory.Ring.Write(TracePoint.SetDirtyBit, 2);
        Assert.True(memory.Ring.TryRead(1, out TraceEvent read));
        Assert.Equal(2UL, read[0]);
    }

#if DEBUG
    [Fact]
    public void AnEventThatIsOverwrittenWhileItIsReadIsNotRead()
    {
        using TraceMemory memory = new(2);
        memory.Ring.Write(TracePoint.GetPage, 1);
        SchedulePoint.Hook = kind =>
        {
            SchedulePoint.Hook = null;
            Assert.Equal(SchedulePointKind.TraceRead, kind);
            memory.Ring.Write(TracePoint.GetPage, 2);
            memory.Ring.Write(TracePoint.GetPage, 3);
        };
        Assert.False(memory.Ring.TryRead(0, out _));
        Assert.True(memory.Ring.TryRead(2, out TraceEvent read));
        Assert.Equal(3UL, read[0]);
    }

#endif
    // Three threads write as fast as they can into a small ring, with pauses; whoever reads never finds half of one event and half of another.
    [Fact]
    public void NobodyReadsHalfAnEvent()
    {
        using TraceMemory memory = new(32);
        TraceRing ring = memory.Ring;
        using CancellationTokenSource stop = new();

        // Threads of their own: the pool's may all be busy with other tests.
        Thread[] writers = [.. Enumerable.Range(1, 3).Select(id => new Thread(() =>
        {
            for (ulong i = (ulong)id << 32; !stop.IsCancellationRequested; i++)
            {
                ring.Write(TracePoint.GetPage, i, i, i, i, i, i);
                if (i % Burst == 0)
                {
                    // Or who reads, on a core that writers keep busy, might always come too late.
                    Thread.Sleep(1);
                }
            }
        }))];
        Array.ForEach(writers, writer => writer.Start());
        int read = 0;
        ulong attempt = 0;
        long start = Environment.TickCount64;
        long torn = 0;
        while (Environment.TickCount64 - start < (read > 0 ? 1000 : 30_000))
        {
            // Some are overwritten just when they are read.
            ulong number = ring.Count - (++attempt % (ulong)ring.Entries) - 1;
            if (ring.TryRead(number, out TraceEvent found))
            {
                read++;
                for (int i = 1; i < 6; i++)
                {
                    torn += found[0] == found[i] ? 0 : 1;
                }
            }
        }

        stop.Cancel();
        Array.ForEach(writers, writer => writer.Join());
        Assert.True(read > 0);
        Assert.Equal(0, torn);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, 4)]
    [InlineData(8, 0)]
    [InlineData(8, 3)]
    [InlineData(8, 1)]
    public void ARingThatCannotBeIsRefused(int address, int entries) =>
        Assert.Throws<ArgumentException>(() => new TraceRing((nuint)address, entries));

    [Fact]
    public void EveryPointHasANameAndFieldsThatFit()
    {
        Assert.Equal(TracePoints.Count, Enum.GetValues<TracePoint>().Length);
        string[] names = [.. Enum.GetValues<TracePoint>().Select(TracePoints.NameOf)];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(Enum.GetValues<TracePoint>(), point => Assert.InRange(TracePoints.FieldsOf(point).Length, 0, 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => TracePoints.NameOf((TracePoint)TracePoints.Count));
    }
}
