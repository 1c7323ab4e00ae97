// Perf: a guest whose tables the Shadow MMU and the floor shadow: memory, tables, and where what lies in its address space.
using System;
using System.Collections.Immutable;

namespace Mmu.Perf.Shadow;

/// <summary>Guest memory with page tables for one mode. Only tables are touched; the data they map is address space.</summary>
/// <remarks>
/// A GiB of address space each: first <see cref="Windows"/> and the process, then <see cref="Dense"/>, <see cref="Sparse"/>,
/// <see cref="Lone"/>. Every page has a frame of its own.
/// </remarks>
internal sealed unsafe class ShadowGuest : IDisposable
{
    /// <summary>Roots besides the first with the same tables below: address spaces to switch among.</summary>
    public const int RootCount = 32;

    /// <summary>Level-1 tables that the guest has mapped, so that it can write them.</summary>
    public const int WindowCount = 64;

    /// <summary>The bit of a leaf entry that gives a page of <see cref="Dense"/> a frame that no other page has.</summary>
    public const uint OtherFrame = 1u << 31;

    private const ulong PageBytes = 4096;
    private const ulong MiB = 1 << 20;
    private const ulong GiB = 1 << 30;
    private const ulong TableSpan = 2 * MiB;
    private const ulong FirstTable = MiB;
    private const ulong FirstData = 32 * MiB;
    private const int ManyPages = 1_000_000;

    private readonly GuestRegion _region;
    private readonly TableBuilder _builder;

    private ShadowGuest(ModeShape mode, ulong limit, PageArea[] areas)
    {
        Mode = mode;
        _region = new GuestRegion(limit);
        _builder = new TableBuilder(mode, _region.Memory, FirstTable, FirstData);
        foreach (PageArea area in areas)
        {
            foreach (ulong gva in area.Pages())
            {
                _ = _builder.Map(gva, area.GpaOf(gva));
            }
        }
    }

    public ModeShape Mode { get; }

    public byte* Memory => _region.Memory;

    public ulong Bytes => _region.Bytes;

    /// <summary>The first CR3.</summary>
    public ulong Root => _builder.Root;

    /// <summary>Every page: 256 Ki of them.</summary>
    public PageArea Dense { get; private init; }

    /// <summary>One page of eight: nothing to prefetch.</summary>
    public PageArea Sparse { get; private init; }

    /// <summary>One page of each 2 MiB: nothing else in its table.</summary>
    public PageArea Lone { get; private init; }

    /// <summary>The level-1 tables of the first pages of <see cref="Dense"/>, as pages.</summary>
    public ImmutableArray<ulong> Windows { get; private set; } = [];

    /// <summary>CR3s of the further roots.</summary>
    public ImmutableArray<ulong> Roots { get; private set; } = [];

    /// <summary>The process.</summary>
    public LifePlan Life { get; private set; } = null!;

    /// <summary>The guest of the cases that time single operations.</summary>
    public static ShadowGuest Create(ModeShape mode)
    {
        ulong start = mode.IsLong ? 0x7f12_0000_0000ul : 0;
        PageArea dense = new(start + GiB, PageBytes, FirstData, (int)(GiB / PageBytes));
        PageArea sparse = new(start + (2 * GiB), 8 * PageBytes, dense.End, (int)(GiB / PageBytes / 8));
        PageArea lone = new(start + (3 * GiB), TableSpan, sparse.End, (int)(GiB / TableSpan));
        PageArea life = new(start, PageBytes, lone.End, 512);
        ShadowGuest guest = new(mode, life.End + OtherFrame, [dense, sparse, lone, life]) { Dense = dense, Sparse = sparse, Lone = lone };
        guest.AddWindows(start + (8 * MiB));
        guest.AddRoots();
        guest.AddLife(start + (4 * MiB), life.Gpa);
        return guest;
    }

    /// <summary>A million pages, as many as a guest with 32-bit addresses can have with little else.</summary>
    public static ShadowGuest CreateMany(ModeShape mode)
    {
        PageArea area = new(0, PageBytes, FirstData, ManyPages);
        return new ShadowGuest(mode, area.End, [area]) { Dense = area };
    }

    /// <summary>256 Ki pages side by side and nothing else.</summary>
    public static ShadowGuest CreateDense(ModeShape mode)
    {
        PageArea area = new(GiB, PageBytes, FirstData, (int)(GiB / PageBytes));
        return new ShadowGuest(mode, area.End, [area]) { Dense = area };
    }

    /// <summary>The four PDPTEs behind a CR3, of PAE.</summary>
    public ReadOnlySpan<ulong> PdptesOf(ulong root) => new(Memory + root, 4);

    /// <summary>Where the leaf entry of a page is.</summary>
    public byte* LeafOf(ulong gva) => Memory + _builder.EntryOf(gva, 1);

    /// <summary>A guest's store to an entry of any level.</summary>
    public void Store(byte* entry, ulong value)
    {
        if (Mode.EntryBytes == 4)
        {
            *(uint*)entry = (uint)value;
        }
        else
        {
            *(ulong*)entry = value;
        }
    }

    public void Dispose() => _region.Dispose();

    private void AddWindows(ulong gva)
    {
        ulong tableSpan = PageBytes << Mode.IndexBits;
        for (int i = 0; i < WindowCount; i++)
        {
            ulong table = (ulong)(LeafOf(Dense.Gva + ((ulong)i * tableSpan)) - Memory);
            Windows = Windows.Add(gva + ((ulong)i * PageBytes));
            _ = _builder.Map(Windows[i], table);
        }
    }

    private void AddLife(ulong gva, ulong frame)
    {
        ulong table = _builder.NewTable();
        ulong window = Windows[^1] + PageBytes;
        _ = _builder.Map(window, table);
        nint entries = (nint)(Memory + table + (ulong)(Mode.IndexAt(gva, 1) * Mode.EntryBytes));
        Life = new LifePlan(gva, table, entries, frame, _builder.EntryOf(gva, 2), window);
    }

    private void AddRoots()
    {
        for (int i = 0; i < RootCount; i++)
        {
            ulong root = _builder.NewTable();
            Buffer.MemoryCopy(Memory + Root, Memory + root, PageBytes, PageBytes);
            Roots = Roots.Add(root);
        }
    }
}
