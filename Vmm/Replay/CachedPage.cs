// Vmm: one translation in the TLB of a software processor.
namespace Mmu.Vmm.Replay;

/// <summary>A translation of 4 KiB.</summary>
internal struct CachedPage
{
    /// <summary>The TLB's generation when it was kept.</summary>
    public uint Generation;

    /// <summary>Address of the root it was found from.</summary>
    public ulong Root;

    /// <summary>Linear page number.</summary>
    public ulong Gva;

    /// <summary>Guest physical address of the page.</summary>
    public ulong Gpa;

    /// <summary>What all levels allow: bits 1 and 2 of an entry.</summary>
    public ulong Rights;

    /// <summary>The leaf: its dirty bit and its key; bit 63 is that of all levels.</summary>
    public ulong Leaf;

    /// <summary>log2 of the size of the page in our tables.</summary>
    public int Shift;
}
