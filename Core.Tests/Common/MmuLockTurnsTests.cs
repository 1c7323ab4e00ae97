// The MMU lock: who works in batches lets others in between.
using System;
using System.Diagnostics;
using System.Threading;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class MmuLockTurnsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhoComesBackForTheLockLetsOthersInBetween(bool shared)
    {
        const int holds = 2000;
        using MmuLock tested = MmuLockTests.Make();
        int now = 0;
        int entered = 0;
        Thread other = new(() =>
        {
            if (shared)
            {
                using MmuReadGuard held = tested.EnterShared(0);
                entered = Volatile.Read(ref now);
            }
            else
            {
                using MmuWriteGuard held = tested.Enter();
                entered = Volatile.Read(ref now);
            }
        });
        for (int hold = 1; hold <= holds; hold++)
        {
            using (tested.Enter())
            {
                Volatile.Write(ref now, hold);
                if (hold == 1)
                {
                    other.Start();
                    Thread.Sleep(20);
                }

                Thread.SpinWait(500);
            }

            tested.LetOthersIn();
        }

        other.Join();
        Assert.InRange(entered, 1, holds / 10);
    }

    // The test above meets the moment that matters now and then only.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LettingOthersInWaitsAsLongAsSomebodyWaits(bool shared)
    {
        using MmuLock tested = MmuLockTests.Make();
        long idle = MedianOfLettingIn(tested);
        Thread other;
        long waiting;
        using (tested.Enter())
        {
            other = new(() =>
            {
                if (shared)
                {
                    using MmuReadGuard held = tested.EnterShared(0);
                }
                else
                {
                    using MmuWriteGuard held = tested.Enter();
                }
            });
            other.Start();
            while ((other.ThreadState & System.Threading.ThreadState.WaitSleepJoin) == 0)
            {
                Thread.Sleep(1);
            }

            waiting = MedianOfLettingIn(tested);
        }

        other.Join();
        Assert.True(waiting > 10 * idle, $"{waiting} ticks with a waiter, {idle} without");
    }

    private static long MedianOfLettingIn(MmuLock tested)
    {
        long[] ticks = new long[101];
        for (int i = 0; i < ticks.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            tested.LetOthersIn();
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }

        Array.Sort(ticks);
        return ticks[ticks.Length / 2];
    }
}
