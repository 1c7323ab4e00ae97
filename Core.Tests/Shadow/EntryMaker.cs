// Shadow judge: makes guest entries: mostly right ones, sometimes wrong ones.
using Mmu.Tests.Conformance;

namespace Mmu.Tests.Shadow;

internal static class EntryMaker
{
    private const ulong Present = 1;
    private const ulong Writable = 2;
    private const ulong User = 4;
    private const ulong Accessed = 0x20;
    private const ulong Dirty = 0x40;
    private const ulong Large = 0x80;
    private const ulong Global = 0x100;
    private const ulong NoExecute = 1UL << 63;
    private const int KeyShift = 59;

    /// <summary>An entry for a place in a table made for a level: that of level 1 mostly maps itself at one index.</summary>
    internal static ulong MakeAt(SeededRandom random, int level, ulong frame, int index) =>
        level == 1 && index == GuestLayout.SelfIndex && random.Next(12) != 0
            ? (frame << 12) | Present | Writable | Accessed | Dirty | (random.Next(3) == 0 ? User : 0)
            : Make(random, level);

    /// <summary>An entry for a table made for a level.</summary>
    internal static ulong Make(SeededRandom random, int level)
    {
        int roll = random.Next(100);
        if (roll < 4)
        {
            return roll < 2 ? 0 : random.NextBits();
        }

        ulong flags = Flags(random);
        if (level == 1)
        {
            return (LeafFrame(random) << 12) | flags | (random.Next(20) == 0 ? Large : 0);
        }

        if ((level == 2 && roll < 14) || (level == 3 && roll < 7))
        {
            return (Pick(random, GuestLayout.Huge) << 12) | flags | Large;
        }

        // A table of another level now and then: tables that name themselves or each other in circles.
        int below = roll < 95 ? level - 1 : 1 + random.Next(4);
        return (Pick(random, GuestLayout.Tables[below]) << 12) | flags;
    }

    /// <summary>An entry for a PAE root: with no rights, or it could not be loaded.</summary>
    internal static ulong MakePaeRoot(SeededRandom random) =>
        random.Next(8) == 0 ? 0 : (Pick(random, GuestLayout.Tables[2]) << 12) | Present | (random.Next(30) == 0 ? Writable : 0);

    /// <summary>An entry with one thing changed, as guests do to entries that exist.</summary>
    internal static ulong Change(SeededRandom random, ulong entry) => random.Next(12) switch
    {
        0 or 1 => entry ^ Writable,
        2 => entry ^ User,
        3 or 4 => entry ^ Present,
        5 => entry & ~Accessed,
        6 or 7 => entry & ~(Accessed | Dirty),
        8 => entry ^ NoExecute,
        9 => entry ^ Global,
        10 => entry ^ (1UL << (KeyShift + random.Next(2))),
        _ => entry ^ Large,
    };

    internal static T Pick<T>(SeededRandom random, T[] from) => from[random.Next(from.Length)];

    /// <summary>An entry that forbids nothing.</summary>
    internal static ulong MakeOpen(SeededRandom random, int level)
    {
        ulong frame = level > 1 ? Pick(random, GuestLayout.Tables[level - 1]) : LeafFrame(random);
        return (frame << 12) | Present | Writable | User | (random.Next(2) == 0 ? Accessed | Dirty : 0);
    }

    /// <summary>The same entry with nothing forbidden.</summary>
    internal static ulong Open(ulong entry) => (entry | Writable | User) & ~(NoExecute | (0xFUL << KeyShift));

    private static ulong Flags(SeededRandom random)
    {
        ulong flags = Present | Writable | User | Accessed | Dirty;
        return flags ^ (random.Next(8) == 0 ? Writable : 0) ^ (random.Next(8) == 0 ? User : 0) ^ (random.Next(3) == 0 ? Accessed : 0)
            ^ (random.Next(2) == 0 ? Dirty : 0) ^ (random.Next(8) == 0 ? Global : 0) ^ (random.Next(12) == 0 ? NoExecute : 0)
            ^ (random.Next(12) == 0 ? (ulong)random.Next(3) << KeyShift : 0);
    }

    private static ulong LeafFrame(SeededRandom random)
    {
        int roll = random.Next(100);
        return roll < 45 ? Pick(random, GuestLayout.Data)
            : roll < 92 ? Pick(random, GuestLayout.AllTables)
            : Pick(random, GuestLayout.Outside);
    }
}
