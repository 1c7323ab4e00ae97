// Perf: what a paging mode looks like to code that learns it at run time.
using System.Collections.Immutable;

namespace Mmu.Perf;

/// <summary>Shape of a legacy paging mode; <see cref="Levels"/> counts the PDPTE registers of PAE as one.</summary>
internal sealed record ModeShape(string Name, int Levels, int IndexBits, int EntryBytes, int AddressBits)
{
    public static readonly ModeShape Bits32 = new("bits32", 2, 10, 4, 32);
    public static readonly ModeShape Pae = new("pae", 3, 9, 8, 32);
    public static readonly ModeShape Long4 = new("long4", 4, 9, 8, 48);
    public static readonly ModeShape Long5 = new("long5", 5, 9, 8, 57);

    public static readonly ImmutableArray<ModeShape> All = [Bits32, Pae, Long4, Long5];

    /// <summary>The highest level whose entries are in guest memory.</summary>
    public int TopInMemory => HasPdpteRegisters ? 2 : Levels;

    public bool HasPdpteRegisters => Levels == 3;

    public bool IsLong => Levels >= 4;

    /// <summary>The highest level that may map a page.</summary>
    public int LargestLeaf => IsLong ? 3 : 2;

    public int ShiftAt(int level) => 12 + (IndexBits * (level - 1));

    public int IndexAt(ulong gva, int level) => (int)(gva >> ShiftAt(level)) & ((1 << IndexBits) - 1);

    public override string ToString() => Name;
}
