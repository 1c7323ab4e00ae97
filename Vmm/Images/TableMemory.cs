// Vmm: a private, aligned copy of the table pages that walks read, as runs of adjacent pages.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Images;

/// <summary>Table pages in unmanaged memory.</summary>
internal sealed unsafe class TableMemory : IDisposable
{
    private const ulong PaeRootMask = 0xffff_ffe0;
    private const int PaeRootEntries = 4;
    private const ulong Present = 1;
    private const ulong Accessed = 1 << 5;

    private readonly Dictionary<ulong, int> _index = [];
    private readonly List<TableRun> _runs = [];
    private byte* _memory;

    private TableMemory(byte* memory)
    {
        _memory = memory;
    }

    /// <summary>Gets the runs, ascending and not adjacent.</summary>
    public IReadOnlyList<TableRun> Runs => _runs;

    /// <summary>Copies <paramref name="tables"/> (page addresses) out of <paramref name="pages"/>.</summary>
    /// <exception cref="InputException">A page cannot be read, or there is no memory for the copy.</exception>
    public static TableMemory Load(IPageSource pages, SortedSet<ulong> tables)
    {
        TableMemory memory;
        try
        {
            nuint bytes = (nuint)Math.Max(tables.Count, 1) * PageMath.PageSize;
            memory = new TableMemory((byte*)NativeMemory.AlignedAlloc(bytes, PageMath.PageSize));
        }
        catch (OutOfMemoryException e)
        {
            throw new InputException($"no memory for {tables.Count} table pages", e);
        }

        try
        {
            memory.Fill(pages, tables);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Clears the accessed bit of the four PDPTEs at <paramref name="cr3"/>. It is reserved there, and a CPU would refuse to load
    /// such a CR3; QEMU's software MMU (seen in 7.2) sets it in the memory of PAE guests nevertheless.
    /// </summary>
    /// <returns>How many entries had it set.</returns>
    public int ClearAccessedInPaeRoot(ulong cr3)
    {
        ulong gpa = cr3 & PaeRootMask;
        if (!_index.TryGetValue(gpa & ~PageMath.OffsetMask, out int index))
        {
            return 0;
        }

        var root = new Span<ulong>(_memory + ((nint)index * PageMath.PageSize) + (int)(gpa & PageMath.OffsetMask), PaeRootEntries);
        int cleared = 0;
        foreach (ref ulong entry in root)
        {
            if ((entry & Present) != 0 && (entry & Accessed) != 0)
            {
                entry &= ~Accessed;
                cleared++;
            }
        }

        return cleared;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    private void Fill(IPageSource pages, SortedSet<ulong> tables)
    {
        int index = 0;
        foreach (ulong gpa in tables)
        {
            byte* host = _memory + ((nint)index * PageMath.PageSize);
            if (!pages.TryReadPage(gpa, new Span<byte>(host, PageMath.PageSize)))
            {
                throw new InputException($"table page 0x{gpa:x} vanished from the image while it was read");
            }

            _index.Add(gpa, index++);
            if (_runs.Count > 0 && _runs[^1].Gpa + _runs[^1].Size == gpa)
            {
                _runs[^1] = _runs[^1] with { Size = _runs[^1].Size + PageMath.PageSize };
            }
            else
            {
                _runs.Add(new TableRun(gpa, PageMath.PageSize, (nint)host));
            }
        }
    }
}
