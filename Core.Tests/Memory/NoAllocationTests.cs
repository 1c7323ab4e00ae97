using System;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class NoAllocationTests
{
    [Fact]
    public void NothingThatAGuestCanDriveAllocates()
    {
        using ArenaFixture fixture = new(pages: 64, paeRootPages: 1, firstFrame: new Addressing.Pfn(0x1000));
        using PrivateArena arena = new(1 << 20);
        using Slab<ulong> slab = new(arena, 100);

        // As in the tests of walks: the least of a few rounds counts, as a collection elsewhere may charge this thread.
        Round(fixture, slab);
        long least = long.MaxValue;
        for (int i = 0; i < 5 && least != 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Round(fixture, slab);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static void Round(ArenaFixture fixture, Slab<ulong> slab)
    {
        TableArena tables = fixture.Arena;
        PageCache pages = default;
        SlabCache items = default;
        for (int i = 0; i < 10; i++)
        {
            _ = tables.TopUp(ref pages, PageCache.Capacity);
            _ = slab.TopUp(ref items, SlabCache.Capacity);
            _ = fixture.Epochs.Enter(0);
            for (int j = 0; j < 20; j++)
            {
                PageHandle page = pages.Pop();
                tables[page].Store(j, tables.FrameOf(page).Value);
                _ = tables.TryPageOf(tables[page].Load(j), out PageHandle found);
                tables.Retire(found, fixture.Epochs);
                uint item = items.Pop();
                slab[item] = item;
                slab.Free(item);
            }

            fixture.Epochs.Exit(0);
            _ = tables.Reclaim(fixture.Epochs);
            if (tables.TryAllocatePaeRoot(out PaeRoot root))
            {
                tables.Store(root, 3, tables.PhysicalAddressOf(root));
                tables.FreePaeRoot(root);
            }

            tables.Free(pages.Pop());
            tables.Drain(ref pages);
            slab.Drain(ref items);
        }
    }
}
