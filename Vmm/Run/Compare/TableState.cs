// Vmm.Run: one random state of page tables: a path to a page, and its neighbours.
using System;
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Compare;

/// <summary>Random page tables of four levels around one linear address.</summary>
internal sealed class TableState
{
    private const ulong NoExecute = 1UL << 63;
    private const ulong FrameMask = 0xF_FFFF_FFFF_F000;

    private readonly CaseRandom _random;
    private readonly CpuFeatures _features;

    internal TableState(CaseRandom random, CpuFeatures features, int number)
    {
        _random = random;
        _features = features;
        Offset = CompareLayout.States + ((ulong)number * CompareLayout.StateBytes);
        Target = DataPage();
        ulong root = (ulong)random.Next(1, 500);

        // Not the linear map's entry, nor the one after it, which some hypervisors keep from ring 3 whatever the tables say.
        root += root >= CompareLayout.LinearIndex ? 2u : 0;
        ulong address = (root << 39) | ((ulong)random.Next(512) << 30) | (HostLayout.GuestMemory + Target);
        Address = (ulong)((long)(address << 16) >> 16);
    }

    /// <summary>Gets where its tables lie in guest memory.</summary>
    internal ulong Offset { get; }

    /// <summary>Gets CR3.</summary>
    internal ulong Cr3 => HostLayout.GuestMemory + Offset;

    /// <summary>Gets the address of the page that all accesses go to.</summary>
    internal ulong Address { get; }

    /// <summary>Gets the page that it is meant to name, by its offset; a huge page is the one around it.</summary>
    internal ulong Target { get; }

    /// <summary>The offset, in its tables, of the entry of a level.</summary>
    internal int EntryOffset(int level) => ((4 - level) * 4096) + (IndexOf(level) * 8);

    /// <summary>Writes the tables.</summary>
    internal void Write(Span<byte> tables)
    {
        tables.Clear();
        Store(tables, (Window.RootIndex * 8) + 0, Window.RootEntry);
        Store(tables, CompareLayout.LinearIndex * 8, (HostLayout.GuestMemory + CompareLayout.LinearTable3) | 7);
        for (int level = 4; level > 1; level--)
        {
            Store(tables, EntryOffset(level), RandomEntry(level));
        }

        int window = EntryOffset(1) & ~63;
        for (int i = 0; i < 8; i++)
        {
            if (_random.Next(2) == 0 || window + (i * 8) == EntryOffset(1))
            {
                Store(tables, window + (i * 8), RandomEntry(1));
            }
        }
    }

    /// <summary>Chooses a change of an entry.</summary>
    /// <param name="tables">The tables as they are.</param>
    /// <param name="level">The entry's level.</param>
    /// <param name="value">What it becomes.</param>
    /// <returns>Whether it takes something away, and whether it needs an invalidation.</returns>
    internal (bool IsDowngrade, bool NeedsInvalidation) Change(ReadOnlySpan<byte> tables, out int level, out ulong value)
    {
        level = _random.Next(3) == 0 ? _random.Next(2, 5) : 1;
        ulong old = BitConverter.ToUInt64(tables[EntryOffset(level)..]);
        bool isLeaf = level == 1 || (level < 4 && (old & 0x80) != 0);
        bool isPresent = (old & 1) != 0;

        // What refuses everything is mended soon, or most accesses would find the same fault.
        switch (isPresent || _random.Next(4) == 0 ? _random.Next(10) : 9)
        {
            case 0:
                value = old & ~1UL;
                return (isPresent, isPresent);
            case 1 or 2:
                value = old & ~2UL;
                return (isPresent && (old & 2) != 0, isPresent);
            case 3:
                value = old & ~4UL;
                return (isPresent && (old & 4) != 0, isPresent);
            case 4 when isLeaf:
                value = (old & ~FrameMask) | (HostLayout.GuestMemory + (level == 1 ? DataPage() : CompareLayout.Data));
                return (isPresent && value != old, isPresent);
            case 5:
                // Without accessed and dirty bits; nothing that a TLB holds is wrong for it.
                value = old & ~0x60UL;
                return (false, isPresent);
            case 6:
                value = old | NoExecute;
                return (isPresent && (old & NoExecute) == 0, isPresent);
            case 7:
                value = (old & ~NoExecute) | 7;
                return (false, isPresent);
            default:
                value = RandomEntry(level);
                return (isPresent, isPresent);
        }
    }

    private ulong DataPage() =>
        CompareLayout.Data + ((ulong)_random.Next((int)(CompareLayout.MemoryBytes - CompareLayout.Data) >> 12) << 12);

    private int IndexOf(int level) => (int)(Address >> (12 + (9 * (level - 1)))) & 511;

    private ulong RandomEntry(int level)
    {
        ulong entry = Flag(25, 1) | Flag(10, 2) | Flag(10, 4) | ((ulong)_random.Next(4) << 5);
        entry |= _random.Next(10) == 0 ? NoExecute : 0;
        bool huge = (level == 2 && _random.Next(5) == 0) || (level == 3 && _features.Pages1G && _random.Next(16) == 0);
        ulong gpa = HostLayout.GuestMemory;
        entry |= huge
            ? 0x80 | ((gpa + Target) & ~((1UL << (12 + (9 * (level - 1)))) - 1))
            : gpa + (level == 1 ? (_random.Next(4) == 0 ? DataPage() : Target) : Offset + ((ulong)(5 - level) * 4096));
        return _random.Next(40) == 0 ? entry | ReservedBit(level, huge) : entry;
    }

    private ulong Flag(int oneIn, ulong bit) => _random.Next(oneIn) == 0 ? 0 : bit;

    private ulong ReservedBit(int level, bool huge)
    {
        int width = _features.PhysicalAddressBits;
        return _random.Next(3) switch
        {
            0 when huge => 1UL << _random.Next(13, 12 + (9 * (level - 1))),
            1 when level == 4 || (level == 3 && !_features.Pages1G) => 0x80,
            _ when width < 52 => 1UL << _random.Next(width, 52),
            _ => 0,
        };
    }

    private static void Store(Span<byte> tables, int offset, ulong value) => _ = BitConverter.TryWriteBytes(tables[offset..], value);
}
