// Tdp: the table pages and what is known about each.
using System.Runtime.CompilerServices;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Tdp;

/// <summary>The table pages of the TDP MMU, by number.</summary>
internal sealed class TdpPages
{
    /// <summary>Entries of a table.</summary>
    internal const int EntryCount = 512;

    private readonly PrivateArena _arena;
    private readonly SpteHost _host;
    private readonly ArenaArray<TdpPage> _headers;

    internal TdpPages(TableArena tables, PrivateArena arena, SpteHost host)
    {
        Tables = tables;
        _arena = arena;
        _host = host;
        _headers = arena.Allocate<TdpPage>(tables.PageCount);
    }

    /// <summary>Bytes that each page in use takes, its header included.</summary>
    internal static ulong BytesPerPage => (EntryCount * 8) + (ulong)Unsafe.SizeOf<TdpPage>();

    /// <summary>The words of the pages.</summary>
    internal TableArena Tables { get; }

    /// <summary>The header of a page.</summary>
    internal ref TdpPage this[PageHandle page]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _headers[page.Index];
    }

    /// <summary>The table that a present entry names; none if it names no page of the arena, which is corruption.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PageHandle ChildOf(ulong spte)
    {
        _ = Tables.TryPageOf(Spte.FrameOf(_host, spte) >> 12, out PageHandle child);
        return child;
    }

    /// <summary>Gives back the headers.</summary>
    internal void Release() => _arena.Free(_headers);
}
