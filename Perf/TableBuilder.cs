// Perf: writes guest page tables of any mode into a region, 4K leaves only; knows nothing of Core.
using System;

namespace Mmu.Perf;

/// <summary>Builds page tables, one table page after another.</summary>
internal sealed unsafe class TableBuilder
{
    private const ulong PageBytes = 4096;
    private const ulong TableFlags = 0x27; // P, W, U, A
    private const ulong LeafFlags = 0x67; // and D
    private const ulong PdpteFlags = 0x1;
    private const ulong FrameMask = 0x000f_ffff_ffff_f000;

    private readonly ModeShape _mode;
    private readonly byte* _memory;
    private readonly ulong _end;
    private ulong _next;

    public TableBuilder(ModeShape mode, byte* memory, ulong tablesGpa, ulong endGpa)
    {
        _mode = mode;
        _memory = memory;
        _next = tablesGpa;
        _end = endGpa;
        Root = NewTable();
    }

    /// <summary>Reads tables that are there; it has no room for more.</summary>
    public TableBuilder(ModeShape mode, byte* memory, ulong root)
    {
        _mode = mode;
        _memory = memory;
        Root = root;
    }

    /// <summary>CR3: of PAE the table of the four PDPTEs.</summary>
    public ulong Root { get; }

    public ulong TableBytes => _next - Root;

    /// <summary>Maps the page of <paramref name="gva"/> to that of <paramref name="gpa"/>; returns the gpa of the leaf entry.</summary>
    public ulong Map(ulong gva, ulong gpa)
    {
        ulong table = Root;
        for (int level = _mode.Levels; level > 1; level--)
        {
            // Bits 31:30 select among the PDPTEs; the general index would take bit 32 and up along, which are 0 here.
            ulong at = table + (ulong)(_mode.IndexAt(gva, level) * _mode.EntryBytes);
            ulong entry = Read(at);
            if (entry == 0)
            {
                entry = NewTable() | (level == 3 && _mode.HasPdpteRegisters ? PdpteFlags : TableFlags);
                Write(at, entry);
            }

            table = entry & FrameMask;
        }

        ulong leaf = table + (ulong)(_mode.IndexAt(gva, 1) * _mode.EntryBytes);
        Write(leaf, (gpa & ~(PageBytes - 1)) | LeafFlags);
        return leaf;
    }

    /// <summary>The gpa of the entry of a page at a level, all tables down to which exist.</summary>
    public ulong EntryOf(ulong gva, int level)
    {
        ulong table = Root;
        for (int above = _mode.Levels; above > level; above--)
        {
            table = Read(table + (ulong)(_mode.IndexAt(gva, above) * _mode.EntryBytes)) & FrameMask;
        }

        return table + (ulong)(_mode.IndexAt(gva, level) * _mode.EntryBytes);
    }

    /// <summary>An empty table.</summary>
    public ulong NewTable()
    {
        ulong table = _next;
        _next += PageBytes;
        return _next <= _end ? table : throw new InvalidOperationException($"Page tables reach gpa {_next:x}; their space ends at {_end:x}.");
    }

    /// <summary>The entry at a gpa.</summary>
    public ulong Read(ulong gpa) => _mode.EntryBytes == 4 ? *(uint*)(_memory + gpa) : *(ulong*)(_memory + gpa);

    private void Write(ulong gpa, ulong value)
    {
        if (_mode.EntryBytes == 4)
        {
            *(uint*)(_memory + gpa) = checked((uint)value);
        }
        else
        {
            *(ulong*)(_memory + gpa) = value;
        }
    }
}
