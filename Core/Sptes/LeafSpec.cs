// Sptes: all that a leaf is made from.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Sptes;

/// <summary>What a leaf is to say.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct LeafSpec
{
    /// <summary>Host physical address of the page, aligned to its size, without the encryption bit.</summary>
    public ulong Frame { get; init; }

    /// <summary>Level of the entry: 1 for a 4-KiB page.</summary>
    public int Level { get; init; }

    /// <summary>What the CPU may do now. In EPT <see cref="Rights.User"/> is fetches from user-mode addresses.</summary>
    public Rights Rights { get; init; }

    /// <summary>What else the entry carries.</summary>
    public LeafTraits Traits { get; init; }

    /// <summary>Protection key, 0 to 15; formats without keys drop it.</summary>
    public uint Key { get; init; }

    /// <summary>Memory type of an EPT leaf; the other formats use entry 0 of the PAT.</summary>
    public MemoryType MemoryType { get; init; }

    /// <summary>True if an EPT leaf overrides the guest's PAT.</summary>
    public bool IgnorePat { get; init; }
}
