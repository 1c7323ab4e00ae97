// A table arena for tests, whose pages must all be back when the test ends.
using System;
using Mmu.Addressing;
using Mmu.Memory;
using Xunit;

namespace Mmu.Tests.Memory;

internal sealed class ArenaFixture : IDisposable
{
    /// <summary>What fresh pages hold: bit 63 is the one that keeps EPT violations from becoming exceptions of the guest.</summary>
    internal const ulong Empty = 1UL << 63;

    internal static readonly Pfn FirstFrame = new(0x12_3456);

    private PageCache _cache;

    internal ArenaFixture(uint pages = 16, int paeRootPages = 0, Pfn? firstFrame = null, int readers = 4)
    {
        Arena = new TableArena(TableBacking.Own(), pages, firstFrame ?? FirstFrame, Empty, paeRootPages);
        Epochs = new EpochDomain(readers);
    }

    internal TableArena Arena { get; }

    internal EpochDomain Epochs { get; }

    internal PageHandle Take()
    {
        Assert.True(Arena.TopUp(ref _cache, 1), "The arena has no page.");
        return _cache.Pop();
    }

    public void Dispose()
    {
        Arena.Drain(ref _cache);
        _ = Arena.Reclaim(Epochs);
        Assert.Equal(0u, Arena.OutstandingPages);
        Assert.Equal(0u, Arena.RetiredPages);
        Assert.Equal(0, Arena.OutstandingRoots);
        Arena.Dispose();
    }
}
