// Conformance: a guest of one mode over a second dimension of one format. The guest's tables lie 1 MiB higher than it believes, and its
// page has a path of its own below the second dimension's root.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed class NestedScene
{
    public const ulong TableOffset = 0x100000, SecondRoot = 0x200000, DataHpa = 0x300000;

    private readonly OracleMode _mode;
    private readonly SecondTables _second;

    public NestedScene(MatrixImage image, OracleMode mode, int guestLeaf, SecondFormat format, int secondLeaf)
    {
        _mode = mode;
        GuestLeaf = guestLeaf;
        SecondLeaf = secondLeaf;
        image.AddSlot(TableOffset, 0x6000);
        image.AddSlot(SecondRoot, 0x12000);
        image.AddSlot(DataHpa, 0x1000);
        _second = new SecondTables(image, format, SecondRoot);

        Address = mode switch
        {
            OracleMode.Off => 0,
            OracleMode.Bits32 => (3UL << 22) | (5UL << 12) | 0x123,
            _ => (1UL << 30) | (3UL << 21) | (5UL << 12) | 0x123,
        };
        Address |= mode is OracleMode.Level4 or OracleMode.Level5 ? 2UL << 39 : 0;
        Address |= mode is OracleMode.Level5 ? 1UL << 48 : 0;
        bool wide = mode is OracleMode.Pae or OracleMode.Level4 or OracleMode.Level5;
        DataGpa = (1UL << 30) | (Address & 0x3FFFFFFF);
        DataGpa |= wide && Second.Levels >= 4 ? 1UL << 39 : 0;
        DataGpa |= wide && Second.Levels == 5 ? 1UL << 48 : 0;
        Address = mode == OracleMode.Off ? DataGpa : Address;

        TablePaths = new MatrixEntry[6][];
        for (int level = RootLevel; level >= guestLeaf && mode != OracleMode.Off; level--)
        {
            TablePaths[level] = Second.Map((ulong)level << 12, TableOffset + ((ulong)level << 12), 1);
            ulong host = TableOffset + ((ulong)level << 12) + (IndexAt(level) * (ulong)EntryBytes);
            GuestEntries[level] = image.AddEntry(host, EntryBytes, level == guestLeaf ? GuestLeafValue : GuestTable(level));
        }

        DataPath = Second.Map(DataGpa, DataHpa, secondLeaf);
    }

    public int GuestLeaf { get; }

    // The guest's own MAXPHYADDR.
    public int PhysicalAddressBits { get; init; } = 52;

    public int SecondLeaf { get; }

    public SecondTables Second => _second;

    public MatrixEntry[] GuestEntries { get; } = new MatrixEntry[6];

    // The second dimension's entries for the page, and for the guest's table of each level, by level.
    public MatrixEntry[] DataPath { get; }

    public MatrixEntry[][] TablePaths { get; }

    public ulong Address { get; }

    public ulong DataGpa { get; }

    public int RootLevel => _mode switch { OracleMode.Level5 => 5, OracleMode.Level4 => 4, OracleMode.Pae => 3, _ => 2 };

    public int EntryBytes => _mode == OracleMode.Bits32 ? 4 : 8;

    private ulong GuestLeafValue
    {
        get
        {
            int shift = _mode == OracleMode.Bits32 ? 2 + (10 * GuestLeaf) : 3 + (9 * GuestLeaf);
            return ((DataGpa >> shift) << shift) | (GuestLeaf > 1 ? DirectScene.Large : 0) | DirectScene.Open;
        }
    }

    public OracleCpu Cpu()
    {
        var cpu = new OracleCpu
        {
            Vendor = Second.IsEpt ? OracleVendor.Intel : OracleVendor.Amd,
            MaxPhyAddr = PhysicalAddressBits,
            Cr0 = _mode == OracleMode.Off ? 1UL : 0x80010001,
            Cr3 = (ulong)RootLevel << 12,
            Cr4 = _mode switch { OracleMode.Bits32 => 1UL << 4, OracleMode.Level5 => (1UL << 5) | (1UL << 12), _ => 1UL << 5 },
            Efer = _mode is OracleMode.Level4 or OracleMode.Level5 ? 0xD00UL : _mode == OracleMode.Pae ? 0x800UL : 0,
        };
        if (_mode == OracleMode.Pae && Second.IsEpt)
        {
            cpu.Pdpte[1] = GuestEntries[3].Value;
        }

        return cpu;
    }

    // MAXPHYADDR is 50: wide enough for the page, and with reserved bits above.
    public OracleNested Nested() => new()
    {
        IsEpt = Second.IsEpt,
        MaxPhyAddr = 50,
        EptRoot = Second.Root,
        EptLevels = Second.Levels,
        HostCr3 = Second.Root,
        HostCr4 = Second.Levels switch { 2 => 1UL << 4, 5 => (1UL << 5) | (1UL << 12), _ => 1UL << 5 },
        HostEfer = Second.Levels >= 4 ? 0xD00UL : Second.Levels == 3 ? 0x800UL : 0,
    };

    // PAE's third level is a PDPTE: present, and nothing else.
    private ulong GuestTable(int level) => ((ulong)(level - 1) << 12) | (_mode == OracleMode.Pae && level == 3 ? 1 : DirectScene.Open);

    private static ulong IndexAt(int level) => level switch { 1 => 5, 2 => 3, 3 => 1, 4 => 2, _ => 1 };
}
