using System;
using System.Collections.Generic;
using System.Threading;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class ArenaThreadTests
{
    private const int Rounds = 20_000;
    private const int Roots = 4;

    [Fact]
    public void ReadersNeverSeeAPageThatWasReused()
    {
        using ArenaFixture fixture = new(pages: 64, readers: 4);
        uint[] roots = new uint[Roots];
        bool stop = false;
        Thread[] readers = Start(2, number => ReadUntil(fixture, roots, number, ref stop), out List<Exception> readersFailed);
        Thread[] writers = Start(2, number => Replace(fixture, roots, number), out List<Exception> writersFailed);
        Array.ForEach(writers, thread => thread.Join());
        Volatile.Write(ref stop, true);
        Array.ForEach(readers, thread => thread.Join());

        Assert.Empty(writersFailed);
        Assert.Empty(readersFailed);
        foreach (uint root in roots)
        {
            if (root != 0)
            {
                fixture.Arena.Retire(new PageHandle(root), fixture.Epochs);
            }
        }
    }

    [Fact]
    public void TwoThreadsNeverHoldTheSameItem()
    {
        using PrivateArena arena = new(1 << 20);
        using Slab<(uint Owner, uint Round)> slab = new(arena, 200);
        Thread[] threads = Start(2, number => TakeAndFree(slab, number), out List<Exception> failed);
        Array.ForEach(threads, thread => thread.Join());

        Assert.Empty(failed);
        Assert.Equal(0u, slab.Outstanding);
    }

    // Puts a page full of its own number into a root and retires the page that was there.
    private static void Replace(ArenaFixture fixture, uint[] roots, uint number)
    {
        PageCache cache = default;
        for (uint round = 0; round < Rounds; round++)
        {
            if (!fixture.Arena.TopUp(ref cache, 1 + (int)(round % 8)) && cache.Count == 0)
            {
                // All pages wait for readers, or are in the other thread's cache.
                _ = Thread.Yield();
                continue;
            }

            PageHandle page = cache.Pop();
            Assert.Equal(-1, fixture.Arena[page].Words.IndexOfAnyExcept(ArenaFixture.Empty));
            fixture.Arena[page].Fill(page.Index);
            uint old = HostAtomics.Exchange(ref roots[(round + number) % Roots], page.Index);
            if (old != 0)
            {
                fixture.Arena.Retire(new PageHandle(old), fixture.Epochs);
            }
        }

        fixture.Arena.Drain(ref cache);
    }

    private static void ReadUntil(ArenaFixture fixture, uint[] roots, uint number, ref bool stop)
    {
        while (!Volatile.Read(ref stop))
        {
            for (int root = 0; root < Roots; root++)
            {
                _ = fixture.Epochs.Enter((int)number);
                PageHandle page = new(HostAtomics.ReadAcquire(ref roots[root]));
                if (!page.IsNone)
                {
                    Assert.Equal(-1, fixture.Arena[page].Words.IndexOfAnyExcept((ulong)page.Index));
                }

                fixture.Epochs.Exit((int)number);
            }
        }
    }

    private static void TakeAndFree(Slab<(uint Owner, uint Round)> slab, uint number)
    {
        SlabCache cache = default;
        Queue<uint> held = new();
        for (uint round = 0; round < Rounds; round++)
        {
            if (slab.TopUp(ref cache, 1 + (int)(round % 8)))
            {
                uint item = cache.Pop();
                Assert.Equal((0u, 0u), slab[item]);
                slab[item] = (number + 1, item);
                held.Enqueue(item);
            }

            if (held.Count > 50 || (round % 3 == 0 && held.Count > 0))
            {
                uint item = held.Dequeue();
                Assert.Equal((number + 1, item), slab[item]);
                slab.Free(item);
            }
        }

        slab.Drain(ref cache);
        while (held.TryDequeue(out uint item))
        {
            slab.Free(item);
        }
    }

    private static Thread[] Start(int count, Action<uint> body, out List<Exception> failures)
    {
        List<Exception> failed = [];
        failures = failed;
        Thread[] threads = new Thread[count];
        for (uint i = 0; i < count; i++)
        {
            uint number = i;
            threads[i] = new Thread(() =>
            {
                try
                {
                    body(number);
                }
#pragma warning disable CA1031 // Whatever it is, the test reports it.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    lock (failed)
                    {
                        failed.Add(exception);
                    }
                }
            });
            threads[i].Start();
        }

        return threads;
    }
}
