// The MMU lock: exclusion, parking, and Debug's rules.
#if DEBUG
using System;
using System.Diagnostics;
#endif
using System.Threading;
using System.Threading.Tasks;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class MmuLockTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void OneThreadHoldsItAtATime(int threads)
    {
        using MmuLock tested = new();
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
        using MmuLock tested = new();
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

#if DEBUG
    [Fact]
    public void TakingItTwiceThrowsInsteadOfHanging()
    {
        using MmuLock tested = new();
        using MmuWriteGuard held = tested.Enter();
        Assert.Contains("Lock order", Catch(tested), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSlotsLockIsTakenBeforeIt()
    {
        using MmuLock tested = new();
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
