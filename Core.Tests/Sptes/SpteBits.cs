// Tests: where each format keeps each bit, written down from the manuals and docs/sptes.md, with no mask of the product.
using System.Collections.Generic;

namespace Mmu.Tests.Sptes;

/// <summary>Bit numbers of one format; -1 for what it does not have.</summary>
internal sealed record SpteBits(string Name)
{
    /// <summary>The formats.</summary>
    public static IReadOnlyList<SpteBits> All { get; } =
    [
        Legacy("LegacySpte") with { Key = 59 },
        Legacy("PaeSpte") with { IsPae = true },
        Legacy("NptSpte"),
        Ept("EptSpte") with { Always = [11, 63] },
        Ept("EptNoAdSpte") with { Always = [11, 60, 63], SavedRead = 52, SavedExecute = 54, SavedUser = 62 },
    ];

    /// <summary>R.</summary>
    public int Read { get; init; } = -1;

    /// <summary>W, everywhere at the same bit.</summary>
    public int Write { get; } = 1;

    /// <summary>U, or XU.</summary>
    public int User { get; init; }

    /// <summary>X.</summary>
    public int Execute { get; init; } = -1;

    /// <summary>NX.</summary>
    public int NoExecute { get; init; } = -1;

    /// <summary>A.</summary>
    public int Accessed { get; init; }

    /// <summary>D.</summary>
    public int Dirty { get; init; }

    /// <summary>PS.</summary>
    public int Large { get; } = 7;

    /// <summary>Host-writable.</summary>
    public int HostWritable { get; init; }

    /// <summary>MMU-writable.</summary>
    public int MmuWritable { get; init; }

    /// <summary>Bits of every present entry.</summary>
    public int[] Always { get; init; } = [];

    /// <summary>Lowest of four key bits.</summary>
    public int Key { get; init; } = -1;

    /// <summary>Lowest of three memory-type bits.</summary>
    public int MemoryType { get; init; } = -1;

    /// <summary>IPAT.</summary>
    public int IgnorePat { get; init; } = -1;

    /// <summary>R of an access-tracked entry.</summary>
    public int SavedRead { get; init; } = -1;

    /// <summary>X of an access-tracked entry.</summary>
    public int SavedExecute { get; init; } = -1;

    /// <summary>XU of an access-tracked entry.</summary>
    public int SavedUser { get; init; } = -1;

    /// <summary>True if bits 62:52 of a present entry must be clear.</summary>
    public bool IsPae { get; init; }

    /// <summary>True for EPT.</summary>
    public bool IsEpt => Read >= 0;

    /// <summary>True if no CPU sets A and D.</summary>
    public bool Tracks => SavedRead >= 0;

    /// <summary>True if the bit is set; false for one that the format lacks.</summary>
    public static bool Has(ulong entry, int bit) => bit >= 0 && ((entry >> bit) & 1) != 0;

    /// <summary>The entry with the bit set if wanted.</summary>
    public static ulong With(ulong entry, int bit, bool wanted) => wanted && bit >= 0 ? entry | (1UL << bit) : entry;

    /// <summary>The entry with the bit clear.</summary>
    public static ulong Without(ulong entry, int bit) => bit >= 0 ? entry & ~(1UL << bit) : entry;

    /// <summary>True if the CPU finds nothing that it may do.</summary>
    public bool HasNoRights(ulong entry) => !Has(entry, Read) && !Has(entry, Write) && !Has(entry, Execute) && !Has(entry, User);

    private static SpteBits Legacy(string name) => new(name)
    {
        User = 2,
        NoExecute = 63,
        Accessed = 5,
        Dirty = 6,
        HostWritable = 9,
        MmuWritable = 10,
        Always = [0, 11],
    };

    private static SpteBits Ept(string name) => new(name)
    {
        Read = 0,
        User = 10,
        Execute = 2,
        Accessed = 8,
        Dirty = 9,
        HostWritable = 53,
        MmuWritable = 55,
        MemoryType = 3,
        IgnorePat = 6,
    };
}
