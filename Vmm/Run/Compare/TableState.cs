// Vmm.Run: one random state of page tables: a path to a page, and its neighbours.
using System;
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Compare;

/// <summary>Random page tables of a mode around one linear address.</summary>
internal sealed class TableState
{
    private const ulong NoExecute = 1UL << 63;
    private const ulong FrameMask = 0xF_FFFF_FFFF_F000;
    private const int KeyShift = 59;

    private readonly CaseRandom _random;
    private readonly RunMode _mode;
    private readonly CpuFeatures _features;
    private readonly LinearMap _linear;

    internal TableState(CaseRandom random, RunMode mode, CpuFeatures features, LinearMap linear, int number)
    {
        _random = random;
        _mode = mode;
        _features = features;
        _linear = linear;
        Offset = CompareLayout.States + ((ulong)number * CompareLayout.StateBytes);
        Target = DataPage();

        // The lowest bits are those of the page, so that the largest page around it can map it.
        int pageBits = mode == RunMode.Bits32 ? 22 : 30;
        ulong address = mode.AddressOfRootEntry(RootIndex()) | ((HostLayout.GuestMemory + Target) & ((1UL << pageBits) - 1));
        for (int level = mode.Levels - 1; mode.ShiftOf(level) >= pageBits; level--)
        {
            address |= (ulong)random.Next(512) << mode.ShiftOf(level);
        }

        Address = address;
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
    internal int EntryOffset(int level) => ((_mode.Levels - level) * 4096) + (_mode.IndexOf(Address, level) * _mode.EntryBytes);

    /// <summary>Writes the tables.</summary>
    internal void Write(Span<byte> tables, ulong windowEntry)
    {
        tables.Clear();
        Entries.Store(_mode, tables, _mode.WindowIndex * _mode.EntryBytes, windowEntry);
        _linear.Attach(tables);
        for (int level = _mode.Levels; level > 1; level--)
        {
            Entries.Store(_mode, tables, EntryOffset(level), RandomEntry(level));
        }

        int around = EntryOffset(1) & ~63;
        for (int offset = around; offset < around + 64; offset += _mode.EntryBytes)
        {
            if (_random.Next(2) == 0 || offset == EntryOffset(1))
            {
                Entries.Store(_mode, tables, offset, RandomEntry(1));
            }
        }
    }

    /// <summary>Chooses a change of an entry.</summary>
    /// <param name="tables">The tables as they are.</param>
    /// <param name="level">The entry's level.</param>
    /// <param name="value">What it becomes.</param>
    /// <returns>Whether it takes something away, and which invalidation it needs.</returns>
    internal (bool IsDowngrade, Invalidation Then) Change(ReadOnlySpan<byte> tables, out int level, out ulong value)
    {
        level = _random.Next(3) == 0 ? _random.Next(2, _mode.Levels + 1) : 1;
        ulong old = Entries.Load(_mode, tables, EntryOffset(level));
        bool isPresent = (old & 1) != 0;
        if (IsPdpte(level))
        {
            value = isPresent ? old & ~1UL : RandomEntry(level);
            return (isPresent, Invalidation.Root);
        }

        value = ChangeOf(old, level, out bool takesAway);
        Invalidation then = !isPresent ? Invalidation.None : _random.Next(8) switch
        {
            0 => Invalidation.Root,
            1 => Invalidation.GlobalPages,
            _ => Invalidation.Page,
        };
        return (isPresent && takesAway, then);
    }

    private ulong ChangeOf(ulong old, int level, out bool takesAway)
    {
        bool isLeaf = level == 1 || (level < 4 && (old & 0x80) != 0);
        takesAway = false;

        // What refuses everything is mended soon, or most accesses would find the same fault.
        switch ((old & 1) != 0 || _random.Next(4) == 0 ? _random.Next(10) : 9)
        {
            case 0:
                takesAway = true;
                return old & ~1UL;
            case 1 or 2:
                takesAway = (old & 2) != 0;
                return old & ~2UL;
            case 3:
                takesAway = (old & 4) != 0;
                return old & ~4UL;
            case 4 when isLeaf:
                ulong moved = (old & ~FrameMask) | (HostLayout.GuestMemory + (level == 1 ? DataPage() : CompareLayout.Data));
                takesAway = moved != old;
                return moved;
            case 5:
                // Without accessed and dirty bits; nothing that a TLB holds is wrong for it.
                return old & ~0x60UL;
            case 6 when _mode.EntryBytes == 8:
                takesAway = (old & NoExecute) == 0;
                return old | NoExecute;
            case 7:
                return (old & ~NoExecute) | 7;
            default:
                takesAway = true;
                return RandomEntry(level);
        }
    }

    private bool IsPdpte(int level) => _mode == RunMode.Pae && level == 3;

    private int RootIndex()
    {
        if (!_mode.IsLong)
        {
            return _random.Next(_linear.FirstIndex);
        }

        // Not the linear map's entry, nor the one after it, which some hypervisors keep from ring 3 whatever the tables say.
        int root = _random.Next(1, 500);
        return root + (root >= _linear.FirstIndex ? 2 : 0);
    }

    // Not a page from whose beginning or code a large page's entry would take for a table what accesses need there, with CR4.PSE off.
    private ulong DataPage()
    {
        while (true)
        {
            ulong page = CompareLayout.Data + ((ulong)_random.Next((int)(CompareLayout.MemoryBytes - CompareLayout.Data) >> 12) << 12);
            if (_mode != RunMode.Bits32 || _mode.IndexOf(page, 1) is not (0 or 1 or CompareLayout.CodeOffset / 4))
            {
                return page;
            }
        }
    }

    private ulong RandomEntry(int level)
    {
        ulong table = HostLayout.GuestMemory + Offset + ((ulong)(_mode.Levels + 1 - level) * 4096);
        if (IsPdpte(level))
        {
            return table | Flag(25, 1);
        }

        ulong entry = Flag(25, 1) | Flag(10, 2) | Flag(10, 4) | ((ulong)_random.Next(4) << 5);
        entry |= _mode.EntryBytes == 8 && _random.Next(10) == 0 ? NoExecute : 0;
        entry |= _mode.IsLong && _random.Next(3) == 0 ? (ulong)_random.Next(16) << KeyShift : 0;
        bool huge = (level == 2 && _random.Next(5) == 0) || (level == 3 && _features.Pages1G && _random.Next(16) == 0);
        entry |= huge ? 0x80 | ((HostLayout.GuestMemory + Target) & ~((1UL << _mode.ShiftOf(level)) - 1))
            : level == 1 ? HostLayout.GuestMemory + (_random.Next(4) == 0 ? DataPage() : Target)
            : table;
        return _random.Next(40) == 0 ? entry | ReservedBit(level, huge) : entry;
    }

    private ulong Flag(int oneIn, ulong bit) => _random.Next(oneIn) == 0 ? 0 : bit;

    private ulong ReservedBit(int level, bool huge)
    {
        if (_mode == RunMode.Bits32)
        {
            // Those from 13 on are of the address, by PSE-36.
            return huge ? 1UL << 21 : 0;
        }

        int width = _features.PhysicalAddressBits;
        int end = _mode == RunMode.Pae ? 63 : 52;
        return _random.Next(3) switch
        {
            0 when huge => 1UL << _random.Next(13, _mode.ShiftOf(level)),
            1 when level >= 4 || (level == 3 && !_features.Pages1G) => 0x80,
            _ when width < end => 1UL << _random.Next(width, end),
            _ => 0,
        };
    }
}
