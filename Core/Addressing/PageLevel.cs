// Addressing: the size of a page, as a level of 9-bit tables.
using System;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Mmu.Addressing;

/// <summary>Size of a page or reach of a table entry: level 1 is 4 KiB, each further level 512 times that.</summary>
/// <remarks>The 4-MiB pages of 32-bit paging are no level: results give their size in bytes.</remarks>
public readonly record struct PageLevel
{
    private const int IndexBits = 9;

    private readonly byte _value;

    /// <summary>Creates a level from its number.</summary>
    /// <param name="value">1 to 5.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is not in 1 to 5.</exception>
    public PageLevel(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 5);
        _value = (byte)value;
    }

    /// <summary>4 KiB.</summary>
    public static PageLevel Size4K => new(1);

    /// <summary>2 MiB.</summary>
    public static PageLevel Size2M => new(2);

    /// <summary>1 GiB.</summary>
    public static PageLevel Size1G => new(3);

    /// <summary>The level's number, 1 to 5.</summary>
    public int Value => _value;

    /// <summary>Bytes that one entry of the level covers.</summary>
    public ulong Bytes => FramesOf(_value) << 12;

    /// <summary>log2 of <see cref="FramesOf"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int FrameShiftOf(int level) => IndexBits * (level - 1);

    /// <summary>Frames of 4 KiB that one entry of a level covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong FramesOf(int level) => 1UL << FrameShiftOf(level);

    /// <summary>How many entries of a level the frames [first, end) reach into; they are one at least.</summary>
    internal static ulong EntriesFor(int level, ulong first, ulong end) =>
        ((end - 1) >> FrameShiftOf(level)) - (first >> FrameShiftOf(level)) + 1;

    /// <summary>Index of the entry of a level's table that translates a linear address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int IndexOf(ulong address, int level) => (int)(address >> (12 + FrameShiftOf(level))) & ((1 << IndexBits) - 1);

    /// <summary>Returns the level's number.</summary>
    public override string ToString() => _value.ToString(CultureInfo.InvariantCulture);
}
