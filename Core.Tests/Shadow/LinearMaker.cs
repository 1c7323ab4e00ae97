// Shadow judge: the few linear addresses that a stream uses.
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal static class LinearMaker
{
    /// <summary>An address of a mode, at the start of an entry of a small table.</summary>
    internal static ulong Make(SeededRandom random, OracleMode mode)
    {
        switch (mode)
        {
            case OracleMode.Off:
                return Offset(random, 8) | (PhysicalFrame(random) << 12);
            case OracleMode.Bits32:
                return Offset(random, 4) | ((ulong)Index(random, GuestLayout.SmallIndexes) << 12) | ((ulong)Index(random, GuestLayout.SmallIndexes) << 22);
            case OracleMode.Pae:
                return Offset(random, 8) | Levels(random, 2) | ((ulong)random.Next(4) << 30);
            case OracleMode.Level4:
                ulong four = Levels(random, 4);
                return Offset(random, 8) | (Bits.Has(four, 47) ? four | (ulong.MaxValue << 48) : four);
            default:
                ulong five = Levels(random, 5);
                return Offset(random, 8) | (Bits.Has(five, 56) ? five | (ulong.MaxValue << 57) : five);
        }
    }

    private static ulong Levels(SeededRandom random, int levels)
    {
        ulong address = 0;
        for (int level = 1; level <= levels; level++)
        {
            address |= (ulong)Index(random, GuestLayout.Indexes) << (3 + (9 * level));
        }

        return address;
    }

    // The first ones most of the time, so that a stream comes back to the same addresses.
    private static int Index(SeededRandom random, int[] indexes)
    {
        int roll = random.Next(10);
        return indexes[roll < 5 ? 0 : roll < 8 ? 1 : random.Next(indexes.Length)];
    }

    private static ulong Offset(SeededRandom random, int entryBytes) => (ulong)(EntryMaker.Pick(random, GuestLayout.Indexes) * entryBytes);

    private static ulong PhysicalFrame(SeededRandom random)
    {
        ulong frame = random.Next(2) == 0 ? EntryMaker.Pick(random, GuestLayout.AllTables) : EntryMaker.Pick(random, GuestLayout.Data);
        return frame < GuestLayout.HighFrame ? frame : EntryMaker.Pick(random, GuestLayout.Outside[..2]);
    }
}
