// Tests: the derived modes once more, as numbers for the oracle of these tests; written from their descriptions, not from their attributes.
using System;

namespace Mmu.Tests.Derivation;

/// <summary>A mode as numbers.</summary>
internal sealed record DerivedFormat
{
    public required string Name { get; init; }

    public required int Levels { get; init; }

    public required int IndexBits { get; init; }

    public required int RootIndexBits { get; init; }

    public required int EntryBytes { get; init; }

    public required int Present { get; init; }

    public required int Writable { get; init; }

    public required int User { get; init; }

    public required int Accessed { get; init; }

    public required int Dirty { get; init; }

    public required int Large { get; init; }

    /// <summary>The no-execute bit; -1 if there is none.</summary>
    public required int NoExecute { get; init; }

    public required int FrameLow { get; init; }

    public required int FrameBits { get; init; }

    public required int LargestLeaf { get; init; }

    public bool LargeNeedsPse { get; init; }

    public bool RootHasRights { get; init; } = true;

    /// <summary>+1 for sign-extended addresses, 0 for truncated, -1 for zero-extended ones.</summary>
    public required int AddressSign { get; init; }

    /// <summary>Reserved bits of an entry, frame bits beyond MAXPHYADDR aside.</summary>
    public required Func<DerivedCpu, int, bool, ulong> Reserved { get; init; }

    /// <summary>Physical-address bits that a large leaf has outside its frame.</summary>
    public Func<ulong, ulong> HighFrame { get; init; } = _ => 0;

    public int AddressBits => 12 + ((Levels - 1) * IndexBits) + RootIndexBits;

    public static DerivedFormat Wide3 { get; } = new()
    {
        Name = "Wide3",
        Levels = 3,
        IndexBits = 10,
        RootIndexBits = 10,
        EntryBytes = 8,
        Present = 3,
        Writable = 55,
        User = 0,
        Accessed = 58,
        Dirty = 9,
        Large = 60,
        NoExecute = 1,
        FrameLow = 14,
        FrameBits = 40,
        LargestLeaf = 3,
        AddressSign = 1,
        Reserved = (cpu, level, leaf) =>
            0xC000_0000_0000_0000
            | (leaf ? 0x20u : 0)
            | (level == 2 && !leaf ? 0xC0u : 0)
            | (level == 2 && leaf ? 0xFF_C000u : 0)
            | (level == 3 && leaf ? 0x3_FFFF_C000u : 0)
            | (level == 3 && leaf && cpu.No1GPages ? 1UL << 60 : 0)
            | (level == 3 && cpu.Amd ? 1UL << 57 : 0)
            | (cpu.NoExecuteOff ? 2u : 0),
    };

    public static DerivedFormat High2 { get; } = new()
    {
        Name = "High2",
        Levels = 2,
        IndexBits = 6,
        RootIndexBits = 6,
        EntryBytes = 8,
        Present = 20,
        Writable = 21,
        User = 22,
        Accessed = 10,
        Dirty = 11,
        Large = 4,
        NoExecute = 23,
        FrameLow = 24,
        FrameBits = 40,
        LargestLeaf = 2,
        AddressSign = -1,
        Reserved = (_, level, leaf) => 0xF | (level == 2 && leaf ? 0x3F00_0000u : 0),
    };

    public static DerivedFormat Narrow4 { get; } = new()
    {
        Name = "Narrow4",
        Levels = 4,
        IndexBits = 5,
        RootIndexBits = 3,
        EntryBytes = 4,
        Present = 31,
        Writable = 30,
        User = 7,
        Accessed = 6,
        Dirty = 1,
        Large = 0,
        NoExecute = -1,
        FrameLow = 8,
        FrameBits = 22,
        LargestLeaf = 2,
        LargeNeedsPse = true,
        RootHasRights = false,
        AddressSign = 0,
        Reserved = (cpu, level, leaf) =>
            4u | (level == 4 ? 0xC0u : 0) | (level == 2 && leaf ? 0x1000u : 0) | (level == 2 && leaf && cpu.Amd ? 0x100u : 0),
        HighFrame = entry => ((entry >> 9) & 7) << 34,
    };

    public static DerivedFormat Plain3 { get; } = new()
    {
        Name = "Plain3",
        Levels = 3,
        IndexBits = 9,
        RootIndexBits = 9,
        EntryBytes = 8,
        Present = 2,
        Writable = 36,
        User = 37,
        Accessed = 40,
        Dirty = 41,
        Large = 7,
        NoExecute = 63,
        FrameLow = 12,
        FrameBits = 24,
        LargestLeaf = 2,
        AddressSign = 1,
        Reserved = (cpu, level, leaf) => (level == 2 && leaf ? 0x1F_F000u : 0) | (cpu.NoExecuteOff ? 1UL << 63 : 0),
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}
