using System;
using Mmu.Addressing;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed class AllocationFaultTests
{
    [Fact]
    public void EveryAllocationPointFailsInItsTurn()
    {
        using TableArena tables = new(TableBacking.Own(), 64, new Pfn(0x1000), ArenaFixture.Empty, 1);
        using PrivateArena arena = new(1 << 20);
        using Slab<ulong> slab = new(arena, 100);
        AllocationFaults faults = new();
        tables.Faults = faults;
        arena.Faults = faults;

        Assert.Equal(5 + 1 + 1 + 3, Run(tables, arena, slab));
        int points = faults.Attempts;
        Assert.Equal(5 + 1 + 1 + 3, points);
        for (int point = 0; point < points; point++)
        {
            faults.FailAfter = point;
            Assert.Equal(point, Run(tables, arena, slab));
            Assert.Equal(0, faults.FailAfter);
            faults.FailAfter = -1;
        }

        Assert.Equal(points, Run(tables, arena, slab));
    }

    [Fact]
    public void AFaultCanBeOfOneAllocationOnly()
    {
        using PrivateArena arena = new(1 << 20);
        arena.Faults = new AllocationFaults { FailAfter = 1, Once = true };

        ArenaArray<ulong> first = arena.Allocate<ulong>(1);
        _ = Assert.Throws<InvalidOperationException>(() => arena.Allocate<ulong>(1));
        ArenaArray<ulong> third = arena.Allocate<ulong>(1);
        arena.Free(first);
        arena.Free(third);
    }

    // Allocates from everything until something fails, gives all back, and returns how many allocations succeeded.
    private static int Run(TableArena tables, PrivateArena arena, Slab<ulong> slab)
    {
        PageCache pages = default;
        SlabCache items = default;
        PaeRoot root = default;
        ArenaArray<ulong> array = default;
        bool done = tables.TopUp(ref pages, 5)
            && tables.TryAllocatePaeRoot(out root)
            && arena.TryAllocate(10, out array)
            && slab.TopUp(ref items, 3);
        int count = pages.Count + (root.IsNone ? 0 : 1) + (array.IsEmpty ? 0 : 1) + items.Count;
        Assert.Equal(count == 10, done);

        tables.Drain(ref pages);
        slab.Drain(ref items);
        arena.Free(array);
        if (!root.IsNone)
        {
            tables.FreePaeRoot(root);
        }

        Assert.Equal(0u, tables.OutstandingPages);
        Assert.Equal(0, tables.OutstandingRoots);
        Assert.Equal(1, arena.OutstandingBlocks);
        Assert.Equal(0u, slab.Outstanding);
        return count;
    }
}
