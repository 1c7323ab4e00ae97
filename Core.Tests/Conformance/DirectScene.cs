// Conformance: tables of one mode for one address, with a leaf at a chosen level; every table page is a slot of its own.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed class DirectScene
{
    public const ulong P = 1, W = 2, U = 4, A = 32, D = 64, Large = 128, NoExecute = 1UL << 63;
    public const ulong Open = P | W | U | A | D;

    // Bit 40 is the lowest that MAXPHYADDR 40 reserves.
    public const int MaxPhyAddr = 40;

    // The page that a 4K leaf maps; it is backed, larger pages are not.
    public const ulong SmallPage = 0x6000;

    public DirectScene(MatrixImage image, OracleMode mode, int leafLevel, int readOnlyTables = 0)
    {
        Mode = mode;
        LeafLevel = leafLevel;
        RootLevel = mode switch { OracleMode.Level5 => 5, OracleMode.Level4 => 4, OracleMode.Off => 0, _ => 2 };
        Entries = new MatrixEntry[6];
        for (int page = 1; page <= 6; page++)
        {
            image.AddSlot((ulong)page << 12, 4096, ((readOnlyTables >> page) & 1) != 0);
        }

        Address = 0x123;
        for (int level = RootLevel; level >= 1; level--)
        {
            Address |= IndexAt(level) << ShiftAt(level);
        }

        if (mode == OracleMode.Pae)
        {
            Address |= 1UL << 30;
            image.Poke(0x3008, 8, 0x2000 | P);
        }

        for (int level = RootLevel; level >= leafLevel; level--)
        {
            ulong address = ((ulong)level << 12) + (IndexAt(level) * (ulong)EntryBytes);
            Entries[level] = image.AddEntry(address, EntryBytes, level == leafLevel ? Leaf : Table(level));
        }
    }

    public OracleMode Mode { get; }

    public int RootLevel { get; }

    public int LeafLevel { get; }

    public int EntryBytes => Mode == OracleMode.Bits32 ? 4 : 8;

    public int EntryBits => EntryBytes * 8;

    // By level; those below the leaf are null.
    public MatrixEntry[] Entries { get; }

    public ulong Address { get; }

    // A leaf without restrictions, with A and D set.
    public ulong Leaf => (LeafLevel == 1 ? SmallPage : Large | (1UL << ShiftAt(LeafLevel))) | Open;

    // A bit that is reserved in this leaf whatever the rest of it.
    public ulong LeafReserved => Mode == OracleMode.Bits32 ? (LeafLevel == 2 ? 1UL << 21 : 0) : 1UL << MaxPhyAddr;

    // An unrestricted entry that names the next table.
    public static ulong Table(int level) => ((ulong)(level - 1) << 12) | Open;

    public OracleCpu Cpu() => new()
    {
        MaxPhyAddr = MaxPhyAddr,
        Cr0 = Mode == OracleMode.Off ? 1UL : 0x80000001,
        Cr3 = Mode == OracleMode.Pae ? 0x3000 : (ulong)RootLevel << 12,
        Cr4 = Mode switch { OracleMode.Bits32 => 1UL << 4, OracleMode.Level5 => (1UL << 5) | (1UL << 12), _ => 1UL << 5 },
        Efer = Mode is OracleMode.Level4 or OracleMode.Level5 ? 0x500UL : 0,
        Pdpte = [0, (2UL << 12) | P, 0, 0],
    };

    public int ShiftAt(int level) => Mode == OracleMode.Bits32 ? 2 + (10 * level) : 3 + (9 * level);

    private static ulong IndexAt(int level) => level switch { 1 => 5, 2 => 3, 3 => 1, 4 => 2, _ => 1 };
}
