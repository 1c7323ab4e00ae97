// Walk: where everything lies in a software TLB, for code that probes it.
namespace Mmu.Walk;

/// <summary>The fixed layout of <see cref="SoftTlb"/> in memory, in bytes. docs/soft-tlb.md says how to probe it.</summary>
public static class SoftTlbLayout
{
    /// <summary>Offset of the generation in force: 8 bytes, 1 to 4095.</summary>
    public const int GenerationOffset = 0;

    /// <summary>Offset of the first table of 4-KiB entries.</summary>
    public const int SmallOffset = 64;

    /// <summary>log2 of the entries of a table of 4-KiB entries.</summary>
    public const int SmallBits = 10;

    /// <summary>Distance of the tables of 4-KiB entries of one space and the next.</summary>
    public const int SmallStride = EntryBytes << SmallBits;

    /// <summary>Offset of the first table of 2-MiB entries.</summary>
    public const int LargeOffset = SmallOffset + (Spaces * SmallStride);

    /// <summary>log2 of the entries of a table of 2-MiB entries.</summary>
    public const int LargeBits = 7;

    /// <summary>Distance of the tables of 2-MiB entries of one space and the next.</summary>
    public const int LargeStride = EntryBytes << LargeBits;

    /// <summary>Size of it all.</summary>
    public const int TotalBytes = LargeOffset + (Spaces * LargeStride);

    /// <summary>Size of an entry: the tags of reads, writes and fetches, then the bias, 8 bytes each.</summary>
    public const int EntryBytes = 32;

    /// <summary>Offset of the bias in an entry: what is added to the linear address gives the host address.</summary>
    public const int BiasOffset = 24;

    /// <summary>
    /// Number of spaces, in this order: supervisor with EFLAGS.AC=0 and implicit accesses; user; supervisor with EFLAGS.AC=1; one that stays empty,
    /// for shadow-stack accesses.
    /// </summary>
    public const int Spaces = 4;
}
