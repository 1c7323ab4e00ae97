// Perf: two vCPUs that fault at once, beside two threads that do the floor's work alone.
using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Mmu.Common;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Tdp;

/// <summary>
/// What a second thread gains: pages mapped in the same time by two, divided by those mapped by one. The floor does the same with no lock and
/// no shared word, so that what the machine's two processors can gain at all stands beside it.
/// </summary>
internal sealed unsafe class TdpThreads(PeerLibrary library, TdpFormat format)
{
    private const int PagesEach = 1 << 17;
    private const int Rounds = 15;

    /// <summary>Medians of the gain, of the library and of the floor.</summary>
    /// <param name="adjacent">The two threads' pages alternate in the same tables, instead of lying in halves.</param>
    public (double Library, double Floor) Gain(bool adjacent)
    {
        using TdpRun run = new(format, highestPageLevel: 1, vcpus: 2);
        using TdpFloor floor = new(library);
        AddressList[] lists = [ListOf(0, adjacent), ListOf(1, adjacent)];
        foreach (AddressList list in lists)
        {
            floor.Run("prepare", list);
        }

        double[] gains = new double[Rounds];
        double[] floors = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            gains[round] = GainOf(
                thread => run.Write(lists[thread].All, PagesEach, ViolationFlags.None, thread),
                () => Unmap(run, lists));
            floors[round] = GainOf(
                thread => floor.Run("map", lists[thread]),
                () => Array.ForEach(lists, list => floor.Run("unmap", list)));
        }

        return (Median(gains), Median(floors));
    }

    // Both runs start from the same state; the second thread is started before the clock.
    private static double GainOf(Action<int> work, Action reset)
    {
        reset();
        double alone = Time(work, 1);
        reset();
        return 2 * alone / Time(work, 2);
    }

    private static double Time(Action<int> work, int threads)
    {
        using Barrier start = new(threads);
        using CountdownEvent done = new(threads);
        long[] ends = new long[threads];
        long begin = 0;
        Thread[] all = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            _ = Interlocked.CompareExchange(ref begin, Stopwatch.GetTimestamp(), 0);
            work(i);
            ends[i] = Stopwatch.GetTimestamp();
            _ = done.Signal();
        }))];
        Array.ForEach(all, t => t.Start());
        Array.ForEach(all, t => t.Join());
        return (ends.Max() - begin) * (1e9 / Stopwatch.Frequency);
    }

    // All but the first page of each table, so that the tables stay.
    private static void Unmap(TdpRun run, AddressList[] lists)
    {
        foreach (AddressList list in lists)
        {
            run.TouchAll(list);
            run.Unmap(list, 0, TdpRun.PageBytes);
        }
    }

    private static AddressList ListOf(int thread, bool adjacent) => new(
        Enumerable.Range(0, PagesEach).Select(i => (ulong)(adjacent ? (i * 2) + thread : i + (thread * PagesEach)) * TdpRun.PageBytes), PagesEach);

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
