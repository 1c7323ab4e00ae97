// Perf: what the arena's operations cost, for docs/memory.md.
using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using Mmu.Addressing;
using Mmu.Memory;

namespace Mmu.Perf;

/// <summary>Operations of the arenas and slabs on memory that has been touched before; times are per page or item.</summary>
[MemoryDiagnoser]
[SuppressMessage("Maintainability", "CA1515", Justification = "BenchmarkDotNet derives from it in an assembly of its own.")]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes.")]
public class ArenaBenchmarks
{
    private const int Batch = 8;
    private const int Accesses = 1024;
    private const ulong FirstFrame = 0x1000;

    private readonly EpochDomain _epochs = new(64);
    private TableArena _tables = null!;
    private PrivateArena _private = null!;
    private Slab<ulong> _slab = null!;
    private PageCache _pages;
    private SlabCache _items;
    private PageHandle _page;

    /// <summary>Maps the arenas.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _tables = new TableArena(TableBacking.Own(), 1024, new Pfn(FirstFrame), 1UL << 63, 0);
        _private = new PrivateArena(1 << 24);
        _slab = new Slab<ulong>(_private, 1 << 16);
        _ = _tables.TopUp(ref _pages, 1);
        _page = _pages.Pop();
    }

    /// <summary>Unmaps them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _slab.Dispose();
        _private.Dispose();
        _tables.Dispose();
    }

    /// <summary>A page out of the arena, full of the empty entry, and back.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public void TakeAndDrainPage()
    {
        _ = _tables.TopUp(ref _pages, Batch);
        _tables.Drain(ref _pages);
    }

    /// <summary>A page out of the arena, retired, reclaimed.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public void TakeAndRetirePage()
    {
        _ = _tables.TopUp(ref _pages, Batch);
        while (_pages.Count > 0)
        {
            _tables.Retire(_pages.Pop(), _epochs);
        }
    }

    /// <summary>An item out of a slab, written, and freed.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public void TakeAndFreeItem()
    {
        _ = _slab.TopUp(ref _items, Batch);
        while (_items.Count > 0)
        {
            uint item = _items.Pop();
            _slab[item] = item;
            _slab.Free(item);
        }
    }

    /// <summary>A store through a handle.</summary>
    [Benchmark(OperationsPerInvoke = Accesses)]
    public void StoreWord()
    {
        for (int i = 0; i < Accesses; i++)
        {
            _tables[_page].Store(i & 511, (ulong)i);
        }
    }

    /// <summary>A frame to its page.</summary>
    [Benchmark(OperationsPerInvoke = Accesses)]
    public uint FindPage()
    {
        uint sum = 0;
        for (ulong i = 0; i < Accesses; i++)
        {
            sum += _tables.TryPageOf(FirstFrame + i, out PageHandle page) ? page.Index : 0;
        }

        return sum;
    }

    /// <summary>A reader in and out.</summary>
    [Benchmark]
    public void EnterAndExit()
    {
        _ = _epochs.Enter(5);
        _epochs.Exit(5);
    }
}
