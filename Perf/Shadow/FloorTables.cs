// Perf: shadow tables as shadow.c keeps them, beside a guest.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Mmu.Perf.Peers;

namespace Mmu.Perf.Shadow;

/// <summary>The floor: shadow tables, reverse map and counters of a guest, worked on by the loops of shadow.c.</summary>
internal sealed unsafe class FloorTables : IDisposable
{
    private const int TablePages = 1 << 13;
    private const int PageBytes = 4096;
    private const int EntriesPerTable = 512;

    private readonly PeerLibrary _library;
    private readonly ShadowGuest _guest;
    private readonly ShadowPeerContext* _context;
    private readonly byte* _memory;

    public FloorTables(PeerLibrary library, ShadowGuest guest)
    {
        _library = library;
        _guest = guest;
        ulong frames = guest.Bytes / PageBytes;
        ulong[] sizes =
        [
            PageBytes, TablePages * PageBytes, frames * sizeof(uint), TablePages * EntriesPerTable * sizeof(uint), (frames / 8) + PageBytes,
            ShadowPeerContext.Buckets * sizeof(uint), TablePages * ShadowPeerContext.HeaderBytes,
        ];
        ulong[] places = [.. sizes.Select((_, i) => sizes.Take(i).Aggregate(0UL, (sum, size) => sum + RoundUp(size)))];
        ulong total = places[^1] + RoundUp(sizes[^1]);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)total, PageBytes);

        // The first touch of a page is the host's business; here it is done.
        NativeMemory.Clear(_memory, (nuint)total);
        _context = (ShadowPeerContext*)_memory;
        _context->Memory = guest.Memory;
        _context->Tables = _memory + places[1];
        _context->Rmap = (uint*)(_memory + places[2]);
        _context->Translations = (uint*)(_memory + places[3]);
        _context->Dirty = (ulong*)(_memory + places[4]);
        _context->BucketHeads = (uint*)(_memory + places[5]);
        _context->Headers = _memory + places[6];
        _context->Guest = guest.Root;
        if (guest.Mode.HasPdpteRegisters)
        {
            guest.PdptesOf(guest.Root).CopyTo(new Span<ulong>(_context->Pdpte, 4));
        }

        Loop("reset", perMode: false)(null, guest.Mode.IsLong ? 1 : 4);
    }

    /// <summary>A loop of shadow.c over a list.</summary>
    internal delegate void FloorLoop(ulong* items, int count);

    /// <summary>Pages mapped, for a look whether the floor does what it says.</summary>
    public ulong Mapped => _context->Mapped;

    /// <summary>A loop by its name.</summary>
    public FloorLoop Loop(string name, bool perMode = true)
    {
        var function = (delegate* unmanaged<ShadowPeerContext*, ulong*, ulong, ulong>)_library.Export(perMode ? $"{name}{_guest.Mode.Levels}" : name);
        ShadowPeerContext* context = _context;
        return (items, count) => _ = function(context, items, (ulong)count);
    }

    /// <summary>Makes the tables of an area and maps its pages.</summary>
    public void Fill(PageArea area)
    {
        AddressList pages = new(area.Pages(), area.Count);
        foreach (string loop in (string[])["prepare", "map", "snapshot"])
        {
            Loop(loop)(pages.All, pages.Count);
        }
    }

    /// <summary>Makes roots to switch among, given as CR3s.</summary>
    public void AddRoots(IEnumerable<ulong> roots)
    {
        AddressList frames = new(roots.Select(cr3 => cr3 >> 12), int.MaxValue);
        Loop("add_root", perMode: false)(frames.All, frames.Count);
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private static ulong RoundUp(ulong bytes) => (bytes + PageBytes - 1) & ~(ulong)(PageBytes - 1);
}
