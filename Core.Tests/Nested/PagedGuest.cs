// An L2 with 4-level paging of its own, of which one page is mapped.
using Mmu.Architecture;

namespace Mmu.Tests.Nested;

/// <summary>L2's tables of levels 4 to 1 and its page of data, each a page of L2 that L1 maps to the page after it.</summary>
internal sealed class PagedGuest
{
    internal const ulong Address = (1UL << 39) | (2UL << 30) | (3UL << 21) | (Index << 12) | 0x340;
    internal const ulong Index = 4;
    internal const ulong Data = 0x10_0000;
    private const ulong Open = 0x67;
    private readonly L2Scene _scene;

    internal PagedGuest(L2Scene scene)
    {
        _scene = scene;
        ulong rights = scene.IsEpt ? L2Scene.EptOpen : L2Scene.NptOpen;
        for (int level = 4; level >= 1; level--)
        {
            _ = scene.Map(Table(level), Place(level), rights);
            scene.Word(EntryAt(level)) = (level == 1 ? Data : Table(level - 1)) | Open;
        }

        _ = scene.Map(Data, DataPlace, rights);
    }

    internal static ControlState State => new() { Cr0 = 0x8001_0001, Cr3 = Table(4), Cr4 = 0x20, Efer = 0xD00 };

    /// <summary>Where L1 has the page of data.</summary>
    internal static ulong DataPlace => 0x20_0000;

    /// <summary>L2's leaf.</summary>
    internal ref ulong Leaf => ref _scene.Word(EntryAt(1));

    /// <summary>Where L2 has a table.</summary>
    internal static ulong Table(int level) => 0x11_0000 + ((ulong)level << 12);

    private static ulong Place(int level) => 0x21_0000 + ((ulong)level << 12);

    private static ulong EntryAt(int level) => Place(level) + (((Address >> (3 + (9 * level))) & 511) * 8);
}
