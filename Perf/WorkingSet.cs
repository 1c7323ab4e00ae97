// Perf: guest page tables and the addresses to walk, in chunks that the competitors take in turn.
using System;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Perf.Peers;

namespace Mmu.Perf;

/// <summary>Guest memory with page tables for one mode, and a list of mapped addresses in random order.</summary>
/// <remarks>
/// Only tables are touched; the data they map is address space. <c>hot</c>: 64 pages (tables in L1); <c>m64</c>: 64 MiB (L2);
/// <c>g4</c>: 4 GiB (L2 and L3); <c>sparse</c>: pages far apart, each with tables of its own (DRAM; long modes only);
/// <c>linux</c>: the pages of a program behind the tables that a real Linux had made for it; <c>write</c>: 2048 pages whose leaf entries lose A and D before each chunk.
/// </remarks>
internal sealed unsafe class WorkingSet : IDisposable
{
    public const int ChunkWalks = 2048;
    public const string WriteSet = "write";

    private const ulong MiB = 1 << 20;
    private const ulong GiB = 1 << 30;
    private const ulong PageBytes = 4096;
    private const ulong AccessedDirty = 0x60;
    private const ulong FirstTable = MiB;

    // Any other than key 0 is refused in the measured state.
    private const ulong ProtectionKey = 0xFul << 59;

    public const string LinuxSet = "linux";

    public static readonly ImmutableArray<string> Names = ["hot", LinuxSet, "m64", "g4", "sparse"];

    private readonly GuestRegion _region;
    private readonly ulong* _leaves;

    private WorkingSet(string name, ModeShape mode, ulong limit, int count)
    {
        Name = name;
        Mode = mode;
        _region = new GuestRegion(limit);
        Count = count;
        Gvas = (ulong*)NativeMemory.AlignedAlloc((nuint)Count * sizeof(ulong), 64);
        _leaves = (ulong*)NativeMemory.AlignedAlloc((nuint)Count * sizeof(ulong), 64);
        Context = (PeerContext*)NativeMemory.AlignedAlloc((nuint)sizeof(PeerContext), 64);
        Unsafe.InitBlockUnaligned(Context, 0, (uint)sizeof(PeerContext));
        MeasuredState.Fill(Context, mode);
    }

    public string Name { get; }

    public ModeShape Mode { get; }

    public ulong* Gvas { get; }

    public int Count { get; }

    public int Chunks => Count / ChunkWalks;

    public ulong TableBytes { get; private set; }

    public byte* Memory => _region.Memory;

    public ulong Limit => _region.Bytes;

    /// <summary>Control state, memory and slots as the C and the generic walker read them.</summary>
    public PeerContext* Context { get; }

    /// <summary>The four slots: conventional memory, a ROM, memory from 1 MiB up to the split at 3 GiB, and the rest.</summary>
    public ReadOnlySpan<PeerSlot> Slots => new(&Context->Slot0, PeerContext.SlotCount);

    public static bool Exists(string name, ModeShape mode) => name == WriteSet || (Names.Contains(name) && (name != "sparse" || mode.IsLong));

    public static WorkingSet Create(string name, ModeShape mode)
    {
        if (name == LinuxSet)
        {
            KernelTables tables = KernelTables.Load(mode);
            WorkingSet real = new(name, mode, KernelTables.Limit, 16 * ChunkWalks);
            real.Take(tables);
            return real;
        }

        ulong start = mode.IsLong ? 0x7f12_4000_0000 : 0x4000_0000ul;
        ulong all = mode.IsLong ? start : 0;
        Layout layout = name switch
        {
            "hot" => new(start, 64, 16 * ChunkWalks, FirstTable, 2 * MiB, 16 * MiB, 64 * PageBytes),
            "m64" => new(start, 16384, 32 * ChunkWalks, FirstTable, 2 * MiB, 16 * MiB, 64 * MiB),
            "g4" => new(all, (int)(4 * GiB / PageBytes), 0, FirstTable, 31 * MiB, 32 * MiB, mode.EntryBytes == 4 ? 3 * GiB : 4 * GiB),
            // As many as fit about 2.6 GiB of tables: five levels need one more private table for nearly every page.
            "sparse" => new(0, mode.Levels == 5 ? 1 << 18 : 1 << 19, 0, 32 * MiB, (3 * GiB) - (32 * MiB), 16 * MiB, 16 * MiB),
            WriteSet => new(start, ChunkWalks, 8 * ChunkWalks, FirstTable, 2 * MiB, 16 * MiB, 8 * MiB),
            _ => throw new ArgumentException($"No working set is called '{name}'.", nameof(name)),
        };
        WorkingSet set = new(name, mode, layout.Limit, Math.Max(layout.Pages, layout.Walks));
        set.Build(layout);
        return set;
    }

    public ulong* Chunk(int index) => Gvas + ((long)(index % Chunks) * ChunkWalks);

    /// <summary>Takes A and D away from the leaf entries of a chunk.</summary>
    public void ClearAccessedDirty(int chunk)
    {
        ulong* leaves = _leaves + ((long)(chunk % Chunks) * ChunkWalks);
        for (int i = 0; i < ChunkWalks; i++)
        {
            // A and D are in the low byte of an entry of either width.
            _region.Memory[leaves[i]] &= unchecked((byte)~AccessedDirty);
        }
    }

    /// <summary>Throws unless every leaf entry of a chunk has A and D.</summary>
    public void CheckAccessedDirty(int chunk, string competitor)
    {
        ulong* leaves = _leaves + ((long)(chunk % Chunks) * ChunkWalks);
        for (int i = 0; i < ChunkWalks; i++)
        {
            if ((_region.Memory[leaves[i]] & AccessedDirty) != AccessedDirty)
            {
                throw new InvalidOperationException($"{competitor} left A or D of the entry at {leaves[i]:x} clear.");
            }
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Gvas);
        NativeMemory.AlignedFree(_leaves);
        NativeMemory.AlignedFree(Context);
        _region.Dispose();
    }

    private void Build(in Layout layout)
    {
        SplitMix random = new(42);
        TableBuilder builder = new(Mode, _region.Memory, layout.Tables, layout.Tables + layout.TableSpace);
        ulong* pages = (ulong*)NativeMemory.Alloc((nuint)layout.Pages, 2 * sizeof(ulong));
        for (int i = 0; i < layout.Pages; i++)
        {
            // Sparse: any page of the lower half of the address space, which is the user's.
            ulong gva = Name == "sparse" ? random.Next() >> (64 - Mode.AddressBits + 1) & ~(PageBytes - 1) : layout.Gva + ((ulong)i * PageBytes);
            pages[2 * i] = gva;
            pages[(2 * i) + 1] = builder.Map(gva, layout.Data + ((ulong)i * PageBytes % layout.DataBytes));
        }

        List(pages, layout.Pages, random);
        TableBytes = builder.TableBytes;
        Describe(builder.Root);
    }

    private void Take(KernelTables tables)
    {
        tables.CopyTo(_region.Memory, Mode.HasPdpteRegisters);
        TableBuilder reader = new(Mode, _region.Memory, tables.Root);
        ulong* pages = (ulong*)NativeMemory.Alloc((nuint)tables.Gvas.Length, 2 * sizeof(ulong));
        int count = 0;
        foreach (ulong gva in tables.Gvas)
        {
            ulong leaf = reader.EntryOf(gva, 1);
            if ((reader.Read(leaf) & ProtectionKey) == 0)
            {
                pages[2 * count] = gva;
                pages[(2 * count++) + 1] = leaf;
            }
        }

        List(pages, count, new SplitMix(42));
        TableBytes = tables.TableBytes;
        Describe(tables.Root);
    }

    // Each page once, in random order, where that fills the list; else a shuffled pass after the other.
    private void List(ulong* pages, int count, SplitMix random)
    {
        for (int i = 0; i < Count; i++)
        {
            int position = i % count;
            if (position == 0)
            {
                Shuffle(pages, count, ref random);
            }

            Gvas[i] = pages[2 * position] | (random.Next() & 0xff8);
            _leaves[i] = pages[(2 * position) + 1];
        }

        NativeMemory.Free(pages);
    }

    private void Describe(ulong root)
    {
        Context->Memory = _region.Memory;
        Context->Limit = _region.Bytes;
        Context->Root = root;
        if (Mode.HasPdpteRegisters)
        {
            for (int i = 0; i < 4; i++)
            {
                Context->Pdpte[i] = ((ulong*)(_region.Memory + root))[i];
            }
        }

        ulong split = Math.Min(3 * GiB, Limit - MiB);
        Context->Slot0 = SlotAt(0, 0xa_0000, 0);
        Context->Slot1 = SlotAt(0xc_0000, MiB, 1);
        Context->Slot2 = SlotAt(MiB, split, 0);
        Context->Slot3 = SlotAt(split, Limit, 0);
        Context->LastSlot = 2;
    }

    private PeerSlot SlotAt(ulong from, ulong to, ulong flags) =>
        new() { Gpa = from, Size = to - from, Bias = _region.Memory, Flags = flags };

    private static void Shuffle(ulong* pairs, int count, ref SplitMix random)
    {
        for (int i = count - 1; i > 0; i--)
        {
            int j = (int)(random.Next() % (ulong)(i + 1));
            (pairs[2 * i], pairs[2 * j]) = (pairs[2 * j], pairs[2 * i]);
            (pairs[(2 * i) + 1], pairs[(2 * j) + 1]) = (pairs[(2 * j) + 1], pairs[(2 * i) + 1]);
        }
    }

    /// <summary>Where a set's pages, tables and data lie; the MiB above the data is the last slot's when memory ends below 3 GiB.</summary>
    private readonly record struct Layout(ulong Gva, int Pages, int Walks, ulong Tables, ulong TableSpace, ulong Data, ulong DataBytes)
    {
        public ulong Limit => Math.Max(Tables + TableSpace, Data + DataBytes) + MiB;
    }
}
