// Vmm.Run: the paging modes that guests run in.
using System.Collections.Immutable;

namespace Mmu.Vmm.Run;

/// <summary>A paging mode of a guest.</summary>
/// <param name="Name">Its name, for people.</param>
/// <param name="Levels">Levels of its tables, the PDPTEs of PAE paging among them.</param>
/// <param name="IndexBits">Bits of an address that are the index of an entry.</param>
/// <param name="EntryBytes">Size of an entry.</param>
internal sealed record RunMode(string Name, int Levels, int IndexBits, int EntryBytes)
{
    /// <summary>32-bit paging.</summary>
    internal static readonly RunMode Bits32 = new("bits32", 2, 10, 4);

    /// <summary>PAE paging.</summary>
    internal static readonly RunMode Pae = new("pae", 3, 9, 8);

    /// <summary>4-level paging.</summary>
    internal static readonly RunMode Long4 = new("long4", 4, 9, 8);

    /// <summary>5-level paging.</summary>
    internal static readonly RunMode Long5 = new("long5", 5, 9, 8);

    /// <summary>All, the oldest first.</summary>
    internal static readonly ImmutableArray<RunMode> All = [Bits32, Pae, Long4, Long5];

    private const ulong PhysicalAddressExtension = 1 << 5;
    private const ulong FiveLevels = 1 << 12;
    private const ulong LongModeEnabledAndActive = 0x500;
    private const ulong Present = 1;
    private const ulong AllRights = 7;

    /// <summary>Gets whether its code is 64-bit code.</summary>
    internal bool IsLong => Levels >= 4;

    /// <summary>Gets the width of its registers.</summary>
    internal int Bits => IsLong ? 64 : 32;

    /// <summary>Gets the mode that the processor is in on shadow tables of a guest in this one.</summary>
    internal RunMode Shadow => this == Bits32 ? Pae : this;

    /// <summary>Gets the bits of CR4 that select it.</summary>
    internal ulong Cr4 => (EntryBytes == 8 ? PhysicalAddressExtension : 0) | (Levels == 5 ? FiveLevels : 0);

    /// <summary>Gets the bits of EFER that select it.</summary>
    internal ulong Efer => IsLong ? LongModeEnabledAndActive : 0;

    /// <summary>Gets the entries of its root.</summary>
    internal int RootEntries => this == Pae ? 4 : 1 << IndexBits;

    /// <summary>Gets the index of the monitor's entry in a root. Under PAE paging it is the last gigabyte.</summary>
    internal int WindowIndex => IsLong ? 510 : this == Pae ? 3 : 768;

    /// <summary>The lowest bit of an address that a level translates.</summary>
    internal int ShiftOf(int level) => 12 + (IndexBits * (level - 1));

    /// <summary>The index of an address in a table of a level.</summary>
    internal int IndexOf(ulong address, int level) => (int)(address >> ShiftOf(level)) & ((1 << IndexBits) - 1);

    /// <summary>The address of the first byte behind an entry of the root.</summary>
    internal ulong AddressOfRootEntry(int index)
    {
        int unused = 64 - (ShiftOf(Levels) + IndexBits);
        ulong address = (ulong)index << ShiftOf(Levels);
        return IsLong ? (ulong)((long)(address << unused) >> unused) : address;
    }

    /// <summary>An entry that points to a table and refuses nothing. A PDPTE of PAE paging has no rights.</summary>
    internal ulong TableEntry(int level, ulong table) => table | (this == Pae && level == 3 ? Present : AllRights);
}
