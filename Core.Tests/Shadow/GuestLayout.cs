// Shadow judge: where a stream's guest has its memory: small, dense, and mostly tables.
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Tests.Shadow;

/// <summary>
/// Frames of the guest. A table has a level that its first contents suit; the guest uses it for any other as well.
/// </summary>
internal static class GuestLayout
{
    internal const ulong DenseFrame = 0;
    internal const int DensePages = 48;
    internal const ulong HugeFrame = 0x200;
    internal const int HugePages = 1024;
    internal const ulong RomFrame = 0x700;
    internal const int RomPages = 8;
    internal const ulong DemandFrame = 0x800;
    internal const int DemandPages = 16;
    internal const ulong HotFrame = 0x900;
    internal const ulong OtherHotFrame = 0xA00;
    internal const int HotPages = 16;
    internal const ulong HighFrame = 0x10_0000;
    internal const int HighPages = 16;
    internal const ulong SmmFrame = 0;
    internal const int SmmPages = 48;

    /// <summary>Indexes of entries that tables use, so that a few stores and addresses meet often.</summary>
    internal static readonly int[] Indexes = [0, 1, 2, 3, 511];

    /// <summary>The same for 4-byte entries: the low halves of those, and a high half.</summary>
    internal static readonly int[] SmallIndexes = [0, 2, 6, 1, 1022];

    /// <summary>Index of the entry by which a table of level 1 maps itself, so that the guest can change its other entries.</summary>
    internal const int SelfIndex = 3;

    /// <summary>Four-entry tables of PAE roots.</summary>
    internal static readonly ulong[] PaeRoots = [26, 27];

    /// <summary>Tables by the level that they are made for; none below 1.</summary>
    internal static readonly ulong[][] Tables =
    [
        [],
        [.. Range(16, 10), HugeFrame + 3, HugeFrame + 0x1FF, RomFrame, DemandFrame, HotFrame, HotFrame + 1, HighFrame],
        [.. Range(10, 6), RomFrame + 1, HotFrame + 2, HighFrame + 1, DemandFrame + 1],
        [.. Range(6, 4), HotFrame + 3, DemandFrame + 2],
        [.. Range(2, 4)],
        [0, 1],
    ];

    /// <summary>Frames for data.</summary>
    internal static readonly ulong[] Data =
    [
        .. Range(28, 20), HugeFrame, HugeFrame + 1, HugeFrame + 0x201, .. Range(RomFrame + 4, 2), .. Range(DemandFrame + 4, 8),
        .. Range(HotFrame + 4, 6), .. Range(OtherHotFrame, 6), .. Range(HighFrame + 2, 4),
    ];

    /// <summary>Frames where there is no memory.</summary>
    internal static readonly ulong[] Outside = [0x180, 0x5000, HighFrame + 0x100, 0x3FF_FFFF];

    /// <summary>Aligned frames of 2-MiB and larger pages.</summary>
    internal static readonly ulong[] Huge = [HugeFrame, HugeFrame + 0x200, 0, 0x800, HighFrame, 0x4000_0];

    /// <summary>Every frame that is meant for a table.</summary>
    internal static readonly ulong[] AllTables = [.. Tables.SelectMany(frames => frames), .. PaeRoots];

    private static readonly int[] _hugeBlocks = [0, 512];

    /// <summary>Pages of the huge slot that anything may change in: those that small indexes reach, and its tables.</summary>
    internal static IEnumerable<int> WatchedHugePages =>
        from block in _hugeBlocks from index in Enumerable.Concat(Indexes, SmallIndexes) where index < 512 orderby index select block + index;

    private static IEnumerable<ulong> Range(ulong first, int count) => Enumerable.Range(0, count).Select(i => first + (ulong)i);
}
