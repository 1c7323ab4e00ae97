// Rows: the page tables that rows start from. Every entry has all rights, A and D; one 4K page, and tables at fixed places.
namespace Mmu.Tests.Oracle;

internal static class Scenes
{
    public const ulong P = 1, W = 2, U = 4, Pwt = 8, Pcd = 16, A = 32, D = 64, Ps = 128, G = 256, Nx = 1UL << 63;
    public const ulong All = P | W | U | A | D;

    public const ulong Cr0Wp = 1UL << 16, Cr4Pse = 1UL << 4, Cr4Pae = 1UL << 5, Cr4Pge = 1UL << 7, Cr4La57 = 1UL << 12, Cr4Smep = 1UL << 20,
        Cr4Smap = 1UL << 21, Cr4Pke = 1UL << 22, Cr4Pks = 1UL << 24, Cr4LamSup = 1UL << 28, EferNxe = 1UL << 11;

    // EPT entries.
    public const ulong R = 1, X = 4, Xu = 1UL << 10, EptA = 1UL << 8, EptD = 1UL << 9, WriteBack = 6 << 3, Ipat = 1UL << 6;

    // Entries met by `Address` in PAE, 4- and 5-level tables; under a second dimension these are guest-physical.
    public const ulong Pml5e = 0x8008, Pml4e = 0x1008, Pdpte = 0x2008, Pde = 0x3018, Pte = 0x4028;
    public const ulong Address = (1UL << 39) | (1UL << 30) | (3UL << 21) | (5UL << 12) | 0x123;
    public const ulong Address5 = Address | (1UL << 48);
    public const ulong PaeAddress = (1UL << 30) | (3UL << 21) | (5UL << 12) | 0x123;

    // Those of 32-bit tables.
    public const ulong Pde32 = 0x1004, Pte32 = 0x200C, Address32 = (1UL << 22) | (3UL << 12) | 0x123;

    // Second dimension: guest tables lie 1 MiB higher than the guest believes; the page has a path of its own below the root.
    public const ulong TableOffset = 0x100000;
    public const ulong DataPage = (1UL << 39) | (1UL << 30) | (1UL << 21) | 0x5000, DataHpa = 0x305000;
    public const ulong LowDataPage = (1UL << 30) | (1UL << 21) | 0x5000;
    public const ulong Root = 0x200000;

    // Entries of the second dimension, by level, on the page's path and on the tables' path (the PTE is that of the guest's page table).
    public const ulong Data4 = 0x200008, Data3 = 0x204008, Data2 = 0x205008, Data1 = 0x206028;
    public const ulong Table4 = 0x200000, Table3 = 0x201000, Table2 = 0x202000, Table1 = 0x203020;

    public static WalkCase Level4(string ids, string title)
    {
        var cpu = new OracleCpu { Cr0 = 0x80010001, Cr4 = Cr4Pae, Efer = 0xD00, Cr3 = 0x1000 };
        return new WalkCase(ids, title, cpu, null, Address)
            .Set(Pml4e, 0x2000 | All).Set(Pdpte, 0x3000 | All).Set(Pde, 0x4000 | All).Set(Pte, 0x5000 | All);
    }

    public static WalkCase Level5(string ids, string title) =>
        Level4(ids, title).Cr4(set: Cr4La57).Cpu(c => c.Cr3 = 0x8000).At(Address5).Set(Pml5e, 0x1000 | All);

    public static WalkCase Pae(string ids, string title)
    {
        var cpu = new OracleCpu { Cr0 = 0x80010001, Cr4 = Cr4Pae, Efer = EferNxe, Cr3 = 0x2000, Pdpte = [0, 0x3000 | P, 0, 0] };
        return new WalkCase(ids, title, cpu, null, PaeAddress).Set(Pde, 0x4000 | All).Set(Pte, 0x5000 | All);
    }

    public static WalkCase Bits32(string ids, string title)
    {
        var cpu = new OracleCpu { Cr0 = 0x80010001, Cr4 = Cr4Pse, Cr3 = 0x1000 };
        return new WalkCase(ids, title, cpu, null, Address32).Set(Pde32, 0x2000 | All, 4).Set(Pte32, 0x5000 | All, 4);
    }

    // A 4-level guest over 4-level EPT.
    public static WalkCase Ept(string ids, string title)
    {
        var cpu = new OracleCpu { Cr0 = 0x80010001, Cr4 = Cr4Pae, Efer = 0xD00, Cr3 = 0x1000 };
        return GuestTables(new WalkCase(ids, $"EPT: {title}", cpu, new OracleNested { IsEpt = true, EptRoot = Root }, Address), DataPage)
            .EptPaths();
    }

    // A 4-level guest over 4-level NPT.
    public static WalkCase Npt(string ids, string title)
    {
        var cpu = new OracleCpu { Vendor = OracleVendor.Amd, Cr0 = 0x80010001, Cr4 = Cr4Pae, Efer = 0xD00, Cr3 = 0x1000 };
        var nested = new OracleNested { HostCr3 = Root, HostCr4 = Cr4Pae, HostEfer = 0xD00 };
        return GuestTables(new WalkCase(ids, $"NPT: {title}", cpu, nested, Address), DataPage).SecondPaths(All, All);
    }

    // A PAE guest over 4-level EPT or NPT; its PDPTEs are both in the registers and in memory at 2000h.
    public static WalkCase PaeNested(string ids, string title, bool ept)
    {
        var cpu = new OracleCpu
        {
            Vendor = ept ? OracleVendor.Intel : OracleVendor.Amd,
            Cr0 = 0x80010001,
            Cr4 = Cr4Pae,
            Efer = EferNxe,
            Cr3 = 0x2000,
        };
        OracleNested nested = ept
            ? new OracleNested { IsEpt = true, EptRoot = Root }
            : new OracleNested { HostCr3 = Root, HostCr4 = Cr4Pae, HostEfer = 0xD00 };
        if (ept)
        {
            cpu.Pdpte[1] = 0x3000 | P;
        }

        WalkCase row = new WalkCase(ids, title, cpu, nested, PaeAddress)
            .Set(TableOffset + Pdpte, 0x3000 | P).Set(TableOffset + Pde, 0x4000 | All).Set(TableOffset + Pte, LowDataPage | All);
        return ept ? row.EptPaths() : row.SecondPaths(All, All);
    }

    public static WalkCase EptPaths(this WalkCase row) => row.SecondPaths(R | W | X, R | W | X | WriteBack);

    // Four levels that map the guest's tables (1 MiB up) and, on two paths of their own, its data page.
    public static WalkCase SecondPaths(this WalkCase row, ulong table, ulong leaf)
    {
        _ = row.Set(Table4, 0x201000 | table).Set(Table3, 0x202000 | table).Set(Table2, 0x203000 | table)
            .Set(Data4, 0x204000 | table).Set(Data3, 0x205000 | table).Set(Data2, 0x206000 | table).Set(Data1, DataHpa | leaf)
            .Set(0x201008, 0x207000 | table).Set(0x207008, 0x208000 | table).Set(0x208028, DataHpa | leaf);
        for (ulong page = 0; page < 16; page++)
        {
            _ = row.Set(0x203000 + (page * 8), TableOffset + (page * 0x1000) | leaf);
        }

        return row;
    }

    private static WalkCase GuestTables(WalkCase row, ulong page) => row
        .Set(TableOffset + Pml4e, 0x2000 | All).Set(TableOffset + Pdpte, 0x3000 | All)
        .Set(TableOffset + Pde, 0x4000 | All).Set(TableOffset + Pte, page | All);
}
