// Vmm.Run: the map of all guest memory that the tables of every state share.
using System;

namespace Mmu.Vmm.Run.Compare;

/// <summary>Maps all of guest memory for the user, in large pages but under 32-bit paging, where CR4.PSE may be off.</summary>
internal sealed class LinearMap
{
    private const ulong AllRights = 7;
    private const ulong LargePage = 0x87;

    private readonly RunMode _mode;

    internal LinearMap(RunMode mode)
    {
        _mode = mode;
        FirstIndex = mode.IsLong ? 255 : mode.RootEntries / 2;
        Address = mode.AddressOfRootEntry(FirstIndex);
    }

    /// <summary>Gets the linear address of guest physical address 0.</summary>
    internal ulong Address { get; }

    /// <summary>Gets the index of its first entry in a root.</summary>
    internal int FirstIndex { get; }

    /// <summary>Writes its tables.</summary>
    /// <param name="tables">The pages from <see cref="CompareLayout.LinearTables"/> on.</param>
    internal void WriteTables(Span<byte> tables)
    {
        ulong first = HostLayout.GuestMemory;
        ulong end = first + CompareLayout.MemoryBytes;
        if (_mode == RunMode.Bits32)
        {
            for (ulong gpa = first; gpa < end; gpa += 0x1000)
            {
                Entries.Store(_mode, tables, (int)((gpa - first) >> 12) * 4, gpa | AllRights);
            }

            return;
        }

        int offset = 0;
        for (int level = _mode.Levels - 1; level > 2; level--, offset += 0x1000)
        {
            Entries.Store(_mode, tables, offset, (first + CompareLayout.LinearTables + (ulong)offset + 0x1000) | AllRights);
        }

        for (ulong gpa = first; gpa < end; gpa += 0x20_0000)
        {
            Entries.Store(_mode, tables, offset + (_mode.IndexOf(gpa, 2) * 8), gpa | LargePage);
        }
    }

    /// <summary>Enters it in a root.</summary>
    internal void Attach(Span<byte> root)
    {
        ulong table = HostLayout.GuestMemory + CompareLayout.LinearTables;
        if (_mode != RunMode.Bits32)
        {
            Entries.Store(_mode, root, FirstIndex * 8, _mode.TableEntry(_mode.Levels, table));
            return;
        }

        int index = _mode.IndexOf(Address + HostLayout.GuestMemory, 2);
        for (ulong mapped = 0; mapped < CompareLayout.MemoryBytes; mapped += 0x40_0000, index++, table += 0x1000)
        {
            Entries.Store(_mode, root, index * 4, table | AllRights);
        }
    }
}
