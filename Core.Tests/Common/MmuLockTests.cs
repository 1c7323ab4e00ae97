// The MMU lock: exclusion, parking, and Debug's rules.
using System;
#if DEBUG
using System.Diagnostics;
#endif
using System.Threading;
using System.Threading.Tasks;
using Mmu.Common;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class MmuLockTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void OneThreadHoldsItAtATime(int threads)
    {
        using MmuLock tested = Make();
        int counter = 0;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                using MmuWriteGuard held = tested.Enter();
                counter++;
            }
        });
        Assert.Equal(threads * 20_000, counter);
    }

    [Fact]
    public void WhoeverParkedIsWoken()
    {
        using MmuLock tested = Make();
        using CountdownEvent done = new(3);
        Thread[] threads = new Thread[3];
        using (MmuWriteGuard held = tested.Enter())
        {
            for (int i = 0; i < threads.Length; i++)
            {
                threads[i] = new Thread(() =>
                {
                    using MmuWriteGuard inner = tested.Enter();
                    done.Signal();
                });
                threads[i].Start();
            }

            // All are past their spins by then, or the test proves less; it never fails for it.
            Assert.False(done.Wait(50, TestContext.Current.CancellationToken));
        }

        Assert.True(done.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.All(threads, thread => thread.Join());
    }

    [Fact]
    public void ReadersAreInsideTogetherAndAWriterWaitsForAll()
    {
        using MmuLock tested = Make();
        using Barrier both = new(3);
        int inside = 0;
        bool written = false;
        Thread[] readers = [new(() => Read(0)), new(() => Read(1))];
        Thread writer = new(() =>
        {
            using MmuWriteGuard held = tested.Enter();
            written = true;
            Assert.Equal(0, Volatile.Read(ref inside));
        });
        foreach (Thread reader in readers)
        {
            reader.Start();
        }

        // Past this both readers hold the lock at once: it would hang otherwise.
        Assert.True(both.SignalAndWait(10_000, TestContext.Current.CancellationToken));
        writer.Start();
        Assert.False(writer.Join(30));
        Assert.False(Volatile.Read(ref written));
        Assert.True(both.SignalAndWait(10_000, TestContext.Current.CancellationToken));
        Assert.True(writer.Join(10_000));
        Assert.All(readers, reader => Assert.True(reader.Join(10_000)));

        void Read(int number)
        {
            using MmuReadGuard held = tested.EnterShared(number);
            Interlocked.Increment(ref inside);
            both.SignalAndWait();
            both.SignalAndWait();
            Interlocked.Decrement(ref inside);
        }
    }

    [Fact]
    public void AReaderThatFindsAWriterGetsInWhenThatIsDone()
    {
        using MmuLock tested = Make();
        using CountdownEvent done = new(3);
        Thread[] threads = new Thread[3];
        using (MmuWriteGuard held = tested.Enter())
        {
            for (int i = 0; i < threads.Length; i++)
            {
                int number = i;
                threads[i] = new Thread(() =>
                {
                    using MmuReadGuard inner = tested.EnterShared(number);
                    done.Signal();
                });
                threads[i].Start();
            }

            Assert.False(done.Wait(50, TestContext.Current.CancellationToken));
            Assert.Equal(3, done.CurrentCount);
        }

        Assert.True(done.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.All(threads, thread => thread.Join());
    }

    [Fact]
    public void WritersAndReadersExcludeEachOther()
    {
        using MmuLock tested = Make();
        const int rounds = 20_000;
        int first = 0;
        int second = 0;
        int torn = 0;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            for (int i = 0; i < rounds; i++)
            {
                if (thread < 2)
                {
                    using MmuReadGuard held = thread == 0 ? tested.EnterShared(thread) : tested.EnterSharedAsHost();
                    torn += Volatile.Read(ref first) != Volatile.Read(ref second) ? 1 : 0;
                }
                else
                {
                    using MmuWriteGuard held = tested.Enter();
                    first++;
                    Volatile.Write(ref second, second + 1);
                }
            }
        });
        Assert.Equal(0, torn);
        Assert.Equal((2 * rounds, 2 * rounds), (first, second));
    }

    [Fact]
    public void AWriterGetsInThoughReadersKeepComing()
    {
        using MmuLock tested = Make();
        bool stop = false;
        Thread[] readers = [new(() => Read(0)), new(() => Read(1))];
        foreach (Thread reader in readers)
        {
            reader.Start();
        }

        Thread writer = new(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                using MmuWriteGuard held = tested.Enter();
            }
        });
        writer.Start();
        bool done = writer.Join(10_000);
        Volatile.Write(ref stop, true);
        Assert.All(readers, reader => Assert.True(reader.Join(10_000)));
        Assert.True(done);

        void Read(int number)
        {
            while (!Volatile.Read(ref stop))
            {
                using MmuReadGuard held = tested.EnterShared(number);
            }
        }
    }

    [Fact]
    public void ASharedHoldIsInAnEpoch()
    {
        EpochDomain epochs = new(4 + MmuLock.HostReaders);
        using MmuLock tested = new(epochs, 4);
        using (MmuReadGuard held = tested.EnterShared(1))
        {
            ulong stamp = epochs.Stamp();
            _ = epochs.Advance();
            Assert.Equal(stamp, epochs.OldestReader());
            Assert.False(epochs.IsPast(stamp));
        }

        Assert.True(epochs.IsPast(epochs.Stamp()));
    }

    [Fact]
    public void AReaderWithoutTheLockKeepsNoWriterWaiting()
    {
        EpochDomain epochs = new(4 + MmuLock.HostReaders);
        using MmuLock tested = new(epochs, 4);
        _ = epochs.Enter(2);
        using (MmuWriteGuard held = tested.Enter())
        {
            Assert.True(epochs.IsInside(2));
        }

        epochs.Exit(2);
    }

    [Fact]
    public void MoreHostThreadsThanPlacesWaitForEachOther()
    {
        using MmuLock tested = Make();
        int inside = 0;
        int most = 0;
        Parallel.For(0, MmuLock.HostReaders * 2, new ParallelOptions { MaxDegreeOfParallelism = MmuLock.HostReaders * 2 }, _ =>
        {
            using MmuReadGuard held = tested.EnterSharedAsHost();
            int now = Interlocked.Increment(ref inside);
            Thread.Sleep(1);
            most = now > most ? now : most;
            Interlocked.Decrement(ref inside);
        });
        Assert.InRange(most, 1, MmuLock.HostReaders);
    }

    [Fact]
    public void ALockNeedsAPlaceForEachReader() =>
        Assert.Equal("epochs", Assert.Throws<ArgumentOutOfRangeException>(() => new MmuLock(new EpochDomain(MmuLock.HostReaders), 1)).ParamName);

    internal static MmuLock Make() => new(new EpochDomain(4 + MmuLock.HostReaders), 4);

#if DEBUG
    [Fact]
    public void TakingItSharedWhileItIsHeldThrowsInsteadOfHanging()
    {
        using MmuLock tested = Make();
        using MmuReadGuard held = tested.EnterShared(0);
        Assert.Contains("Lock order", Catch(tested), StringComparison.Ordinal);
    }

    [Fact]
    public void TakingItTwiceThrowsInsteadOfHanging()
    {
        using MmuLock tested = Make();
        using MmuWriteGuard held = tested.Enter();
        Assert.Contains("Lock order", Catch(tested), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSlotsLockIsTakenBeforeIt()
    {
        using MmuLock tested = Make();
        RankedLock slots = new(LockRank.Slots);
        using (RankedHold hold = slots.Enter())
        {
            using MmuWriteGuard inner = tested.Enter();
        }

        using MmuWriteGuard held = tested.Enter();
        Assert.Throws<UnreachableException>(() => slots.Enter().Dispose());
    }

    private static string Catch(MmuLock tested)
    {
        try
        {
            using MmuWriteGuard again = tested.Enter();
            return "";
        }
        catch (UnreachableException e)
        {
            return e.Message;
        }
    }
#endif
}
