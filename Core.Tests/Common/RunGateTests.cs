// The entry protocol: requests against entries, in both orders, and the ways in which a flush is acknowledged.
using System;
using System.Threading;
using Mmu.Common;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class RunGateTests : IDisposable
{
    private readonly TestHost _host = new();
    private readonly PrivateArena _arena = new(1 << 20);
    private readonly RunGate _gate;

    public RunGateTests()
    {
        _gate = new RunGate(_arena, 4, _host);
        _gate.Add(0);
        _gate.Add(1);
    }

    [Fact]
    public void AFlushReachesTheVcpusInGuestAndIsLeftForTheOthers()
    {
        Assert.True(_gate.TryEnter(0));
        _gate.FlushAll();
        Assert.Equal(["flush 0 All"], _host.Take());
        Assert.Equal(VcpuRequests.None, _gate.Peek(0));
        Assert.Equal(VcpuRequests.Flush, _gate.Peek(1));
        Assert.Equal(1UL, _gate.RemoteFlushes);
    }

    [Fact]
    public void AFlushOfNobodyInGuestCallsNobody()
    {
        _gate.FlushAll();
        _gate.FlushAll();
        Assert.Empty(_host.Log);
        Assert.Equal(0UL, _gate.RemoteFlushes);
    }

    [Fact]
    public void AnEntryAfterAFlushIsRefusedUntilItIsDone()
    {
        _gate.FlushAll();
        Assert.False(_gate.TryEnter(0));
        Assert.False(_gate.IsInside(0));
        Assert.Equal(VcpuRequests.Flush, _gate.Take(0, (VcpuRequests)uint.MaxValue));
        Assert.True(_gate.TryEnter(0));
        Assert.True(_gate.IsInside(0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AFlushThatTheHostCannotDoWaitsUntilTheVcpuLeavesOrPolls(bool polls)
    {
        using ManualResetEventSlim kicked = new();
        using ManualResetEventSlim entered = new();
        _host.OnFlush = (_, _) => false;
        _host.OnKick = _ => kicked.Set();
        bool flushed = false;
        bool early = false;
        Thread vcpu = new(() =>
        {
            Assert.True(_gate.TryEnter(1));
            entered.Set();
            kicked.Wait();
            Thread.Sleep(20);
            early = Volatile.Read(ref flushed);
            if (polls)
            {
                _ = _gate.Take(1, VcpuRequests.Flush);
                _gate.Acknowledge(1);
            }
            else
            {
                _gate.Leave(1);
            }
        });
        vcpu.Start();
        entered.Wait(TestContext.Current.CancellationToken);
        _gate.FlushAll();
        Volatile.Write(ref flushed, true);
        vcpu.Join();
        Assert.False(early);
        Assert.Equal(["flush 1 All", "kick 1"], _host.Take());
        Assert.Equal(polls ? VcpuRequests.None : VcpuRequests.Flush, _gate.Peek(1));
        Assert.Equal(polls, _gate.IsInside(1));
    }

    [Fact]
    public void ObsoleteRootsAreAskedForWithoutWaiting()
    {
        Assert.True(_gate.TryEnter(0));
        _gate.RequestFreeObsoleteRoots();
        Assert.Equal(["kick 0"], _host.Take());
        Assert.Equal(VcpuRequests.FreeObsoleteRoots, _gate.Peek(0));
        Assert.Equal(VcpuRequests.FreeObsoleteRoots, _gate.Peek(1));
    }

    [Fact]
    public void FlushesAndEntriesNeverMissEachOther()
    {
        // The flusher publishes a number, then flushes; a vCPU in guest that no flush reached must see it.
        const int rounds = 20_000;
        int published = 0;
        int missed = 0;
        bool stop = false;
        int seen = 0;
        _host.Logs = false;
        _host.OnFlush = (_, _) => false;
        Thread vcpu = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                _ = _gate.Take(0, (VcpuRequests)uint.MaxValue);
                seen = Volatile.Read(ref published);
                if (_gate.TryEnter(0))
                {
                    // In guest without a request: what it took before must still be the newest, or a flush is waiting for it.
                    int now = Volatile.Read(ref published);
                    missed += now - seen > 1 ? 1 : 0;
                    _gate.Leave(0);
                }
            }
        });
        vcpu.Start();
        for (int i = 0; i < rounds; i++)
        {
            Volatile.Write(ref published, i + 1);
            _gate.FlushAll();
        }

        Volatile.Write(ref stop, true);
        vcpu.Join();
        Assert.Equal(0, missed);
    }

    [Fact]
    public void WhoWaitsForCallsWaitsForThoseUnderWay()
    {
        using ManualResetEventSlim begun = new();
        using ManualResetEventSlim ends = new();
        bool ended = false;
        Thread vcpu = new(() =>
        {
            Assert.True(_gate.BeginCall(1));
            begun.Set();
            ends.Wait();
            Volatile.Write(ref ended, true);
            _gate.EndCall(1);
        });
        vcpu.Start();
        begun.Wait(TestContext.Current.CancellationToken);
        Timer timer = new(_ => ends.Set(), null, 20, Timeout.Infinite);
        _gate.WaitForCalls();
        Assert.True(Volatile.Read(ref ended));
        vcpu.Join();
        timer.Dispose();
        _gate.WaitForCalls();
    }

    public void Dispose()
    {
        _gate.Dispose();
        Assert.Equal(0, _arena.OutstandingBlocks);
        _arena.Dispose();
    }
}
