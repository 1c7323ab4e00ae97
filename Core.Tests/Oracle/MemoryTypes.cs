// Oracle: the effective memory type. Numbers are those of the PAT: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB, 7 UC-.
using System;

namespace Mmu.Tests.Oracle;

internal static class MemoryTypes
{
    // Intel SDM "Effective Page-Level Memory Types": rows the MTRR's (or EPT's) type, columns PAT UC, UC-, WC, WT, WB, WP.
    private static readonly int[] UcRow = [0, 0, 1, 0, 0, 0];
    private static readonly int[] WcRow = [0, 1, 1, 0, 1, 0];
    private static readonly int[] WtRow = [0, 0, 1, 4, 4, 5];
    private static readonly int[] WpRow = [0, 1, 1, 4, 5, 5];
    private static readonly int[] WbRow = [0, 0, 1, 4, 6, 5];

    public static int FromPat(ulong pat, int index) => (int)Bits.Field(pat, (8 * index) + 2, 8 * index);

    public static int Combine(int outer, int pat)
    {
        int[] row = outer switch
        {
            0 or 7 => UcRow,
            1 => WcRow,
            4 => WtRow,
            5 => WpRow,
            6 => WbRow,
            _ => throw new ArgumentOutOfRangeException(nameof(outer), outer, "reserved memory type"),
        };
        return pat switch
        {
            0 => row[0],
            7 => row[1],
            1 => row[2],
            4 => row[3],
            6 => row[4],
            5 => row[5],
            _ => throw new ArgumentOutOfRangeException(nameof(pat), pat, "reserved memory type"),
        };
    }
}
