// Vmm: a private, aligned copy of the table pages that walks read.
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

    private readonly List<nint> _blocks = [];
    private TableRun[] _runs = [];

    private TableMemory()
    {
    }

    /// <summary>Gets the runs, ascending.</summary>
    public IReadOnlyList<TableRun> Runs => _runs;

    /// <summary>Copies <paramref name="tables"/> (page addresses) out of <paramref name="pages"/>.</summary>
    /// <exception cref="InputException">A page cannot be read, or there is no memory for the copy.</exception>
    public static TableMemory Load(IPageSource pages, SortedSet<ulong> tables)
    {
        TableMemory memory = new();
        try
        {
            memory.Allocate(TableRuns.Of(tables));
            foreach (ulong gpa in tables)
            {
                if (!pages.TryReadPage(gpa, memory.Page(gpa)))
                {
                    throw new InputException($"table page 0x{gpa:x} vanished from the image while it was read");
                }
            }

            return memory;
        }
        catch (OutOfMemoryException e)
        {
            memory.Dispose();
            throw new InputException($"no memory for {tables.Count} table pages between 0x{tables.Min:x} and 0x{tables.Max:x}", e);
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
        Span<byte> page = Page(gpa & ~PageMath.OffsetMask);
        if (page.IsEmpty)
        {
            return 0;
        }

        int cleared = 0;
        Span<byte> root = page.Slice((int)(gpa & PageMath.OffsetMask), PaeRootEntries * sizeof(ulong));
        foreach (ref ulong entry in MemoryMarshal.Cast<byte, ulong>(root))
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
        _runs = [];
        foreach (nint block in _blocks)
        {
            NativeMemory.Free((void*)block);
        }

        _blocks.Clear();
    }

    private void Allocate(List<(ulong Gpa, ulong Size)> runs)
    {
        var allocated = new TableRun[runs.Count];
        for (int i = 0; i < allocated.Length; i++)
        {
            // Zeroed blocks of this size come fresh from the system: a run's gaps cost address space, not memory.
            (ulong gpa, ulong size) = runs[i];
            nint block = (nint)NativeMemory.AllocZeroed(checked((nuint)size + PageMath.PageSize));
            _blocks.Add(block);
            nuint aligned = ((nuint)block + (nuint)PageMath.OffsetMask) & ~(nuint)PageMath.OffsetMask;
            allocated[i] = new TableRun(gpa, size, (nint)aligned);
        }

        _runs = allocated;
    }

    // Empty if the page is in no run.
    private Span<byte> Page(ulong gpa)
    {
        int i = Array.BinarySearch(_runs, new TableRun(gpa, 0, 0), Comparer<TableRun>.Create((a, b) => a.Gpa.CompareTo(b.Gpa)));
        i = i >= 0 ? i : ~i - 1;
        return i >= 0 && gpa - _runs[i].Gpa < _runs[i].Size
            ? new Span<byte>((byte*)_runs[i].Host + (gpa - _runs[i].Gpa), PageMath.PageSize)
            : [];
    }
}
