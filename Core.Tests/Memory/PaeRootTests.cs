using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

public sealed unsafe class PaeRootTests
{
    [Fact]
    public void RootsAreAlignedDistinctAndNotPresent()
    {
        using ArenaFixture fixture = new(pages: 4, paeRootPages: 2, firstFrame: new Pfn(0xF_0000));
        TableArena arena = fixture.Arena;
        HashSet<ulong> seen = [];
        List<PaeRoot> roots = [];
        Assert.True(arena.HasLowRoots);
        while (arena.TryAllocatePaeRoot(out PaeRoot root))
        {
            ulong address = arena.PhysicalAddressOf(root);
            Assert.False(root.IsNone);
            Assert.Equal(0UL, address % 32);
            Assert.InRange(address, 0xF_0001_000UL, 0xF_0002_FE0UL);
            Assert.True(seen.Add(address));
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(0UL, arena.Load(root, i));
                arena.Store(root, i, address + (ulong)i);
            }

            roots.Add(root);
        }

        Assert.Equal(256, roots.Count);
        foreach (PaeRoot root in roots)
        {
            Assert.Equal(arena.PhysicalAddressOf(root) + 3, arena.Load(root, 3));
            Assert.Equal(arena.PhysicalAddressOf(root), *(ulong*)(arena.HostAddress + (root.Block * 32)));
            arena.FreePaeRoot(root);
        }

        // A root used before is not present again.
        Assert.True(arena.TryAllocatePaeRoot(out PaeRoot again));
        Assert.Equal(0UL, arena.Load(again, 3));
        arena.FreePaeRoot(again);
    }

    [Theory]
    [InlineData(0xF_FFFEUL, 128)]
    [InlineData(0xF_FFFDUL, 256)]
    [InlineData(0xF_FFFFUL, 0)]
    [InlineData(0x10_0000UL, 0)]
    [InlineData(0x12_3456UL, 0)]
    public void RootsLieBelow4GiB(ulong firstFrame, int roots)
    {
        using ArenaFixture fixture = new(pages: 6, paeRootPages: 3, firstFrame: new Pfn(firstFrame));
        TableArena arena = fixture.Arena;
        List<PaeRoot> taken = [];
        while (arena.TryAllocatePaeRoot(out PaeRoot root))
        {
            Assert.True(arena.PhysicalAddressOf(root) + 32 <= 1UL << 32);
            taken.Add(root);
        }

        Assert.Equal(roots, taken.Count);
        Assert.Equal(roots > 0, arena.HasLowRoots);
        taken.ForEach(arena.FreePaeRoot);

        // Pages that are too high for roots are table pages.
        Assert.Equal(6u - 1u - (uint)(roots / 128), arena.FreePages);
    }

    [Fact]
    public void WithoutRootPagesThereAreNoRoots()
    {
        using ArenaFixture fixture = new(firstFrame: new Pfn(0x1000));
        Assert.False(fixture.Arena.HasLowRoots);
        Assert.False(fixture.Arena.TryAllocatePaeRoot(out PaeRoot root));
        Assert.True(root.IsNone);
    }
}
