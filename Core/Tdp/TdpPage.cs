// Tdp: the header of a table page.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mmu.Memory;

namespace Mmu.Tdp;

/// <summary>What is known about a table page of the TDP MMU: sixteen bytes, at the number of the page.</summary>
/// <remarks>Written by whoever makes the page, before a table names it. What changes later says who may change it.</remarks>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct TdpPage
{
    private const int IndexBits = 9;
    private const int FlagBits = 8;
    private const ulong LevelMask = 7;
    private const ulong RootFlag = 1 << 3;
    private const ulong SystemManagementFlag = 1 << 4;

    /// <summary>Of a root: how many use it, the engine among them until it is taken apart. Changed atomically.</summary>
    internal int References;

    /// <summary>The next page in the list that this one is in: of pages to be freed, or of roots to be taken apart.</summary>
    internal uint Next;

    private ulong _place;

    /// <summary>The first guest frame that the table covers.</summary>
    internal readonly ulong Gfn => _place >> FlagBits;

    /// <summary>The level of its entries.</summary>
    internal readonly int Level
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int)(_place & LevelMask);
    }

    /// <summary>True if no table names it, but processors are loaded with it.</summary>
    internal readonly bool IsRoot => (_place & RootFlag) != 0;

    /// <summary>Of a root: the address space it maps.</summary>
    internal readonly int AddressSpace => (_place & SystemManagementFlag) != 0 ? 1 : 0;

    /// <summary>Of any other page: the entry that names it.</summary>
    internal readonly (PageHandle Page, int Index) Parent => (new PageHandle((uint)References >> IndexBits), References & ((1 << IndexBits) - 1));

    /// <summary>The header of a table that <paramref name="parent"/> names at <paramref name="index"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TdpPage Table(ulong gfn, int level, PageHandle parent, int index) => new()
    {
        _place = (gfn << FlagBits) | (uint)level,
        References = ((int)parent.Index << IndexBits) | index,
    };

    /// <summary>The header of a root, of which the engine holds a reference.</summary>
    internal static TdpPage Root(int level, int addressSpace) => new()
    {
        _place = (uint)level | RootFlag | (addressSpace != 0 ? SystemManagementFlag : 0),
        References = 1,
    };
}
