// Rows: facts N1..N10: a 4-level guest over NPT of every host format.
using System.Collections.Generic;
using static Mmu.Tests.Oracle.Scenes;

namespace Mmu.Tests.Oracle;

internal static class NptRows
{
    private const ulong Gpa = DataPage + 0x123;
    private const ulong Final = 1UL << 32, Table = 1UL << 33;
    private const ulong GuestPte = TableOffset + Pte;

    public static IEnumerable<WalkCase> All() => [.. Faults(), .. Reserved(), .. Gmet(), .. Flags(), .. Modes()];

    private static IEnumerable<WalkCase> Faults()
    {
        yield return Npt("N1 N2", "not present: every nested access is a user access").Clear(Data1, P).Read().NestedFault(Final | 4, Gpa, 1)
            .UserRead().NestedFault(Final | 4, Gpa).Write().NestedFault(Final | 6, Gpa).Fetch().NestedFault(Final | 0x14, Gpa);
        yield return Npt("N3", "NX refuses a fetch whatever the guest's EFER.NXE").Or(Data1, Nx).Fetch().NestedFault(Final | 0x15, Gpa)
            .Efer(clear: EferNxe).Fetch().NestedFault(Final | 0x15, Gpa).Read().Ok(rights: "RWU");
        yield return Npt("N4", "U=0 refuses a read").Clear(Data1, U).Read().NestedFault(Final | 5, Gpa).UserWrite()
            .NestedFault(Final | 7, Gpa);
        yield return Npt("N4 N9 N11", "W=0 refuses a write whatever either CR0.WP").Clear(Data1, W).Write().NestedFault(Final | 7, Gpa)
            .Cr0(clear: Cr0Wp)
            .Write().NestedFault(Final | 7, Gpa).Nested(n => n.HostCr0 &= ~Cr0Wp).Write().NestedFault(Final | 7, Gpa).Read()
            .Ok(rights: "RXU");
        yield return Npt("N4", "W and U of every level count").Clear(Data3, W).Write().NestedFault(Final | 7, Gpa).Or(Data3, W)
            .Clear(Data4, U)
            .Read().NestedFault(Final | 5, Gpa);
        yield return Npt("N5", "a read-only guest table: walks are user writes").Clear(0x203008, W).Read().NestedFault(Table | 7, Pml4e, 1)
            .Fetch().NestedFault(Table | 7, Pml4e).UserRead().NestedFault(Table | 7, Pml4e);
        yield return Npt("N5", "a guest table that is not present").Clear(Table1, P).UserFetch().NestedFault(Table | 6, Pte, 1);
        yield return Npt("N5", "a guest table needs no execute right").Or(Table1, Nx).Fetch().Ok();
        yield return Npt("E26", "the guest's refusal comes before any fault of the page").Set(Data1, 0).Clear(GuestPte, W).Write()
            .PageFault(3);
    }

    private static IEnumerable<WalkCase> Reserved()
    {
        foreach ((bool nxe, bool smep) in (IEnumerable<(bool, bool)>)[(false, false), (false, true), (true, false), (true, true)])
        {
            ulong info = Final | 0xD | (nxe || smep ? 0x10UL : 0);
            yield return Npt("N6", $"I/D of a fetch follows the host's NXE={nxe} or SMEP={smep}, never the guest's")
                .Nested(n => n.HostEfer = nxe ? 0xD00UL : 0x500).Nested(n => n.HostCr4 = smep ? Cr4Pae | Cr4Smep : Cr4Pae)
                .Nested(n => n.MaxPhyAddr = 51)
                .Or(Data1, 1UL << 51).Clear(GuestPte, U).Fetch().NestedFault(info, Gpa, 1).Efer(clear: EferNxe).Fetch()
                .NestedFault(info, Gpa)
                .Cr4(set: Cr4Smep).Fetch().NestedFault(info, Gpa).Efer(set: EferNxe).Fetch().NestedFault(info, Gpa)
                .Clear(Data1, 1UL << 51).Set(Data2, 0x802000 | Scenes.All | Ps).Fetch().NestedFault(info, Gpa, 2);
        }

        yield return Npt("N7 N8", "bit 8 of an upper entry that covers the tables").Or(Table4, G).Read().NestedFault(Table | 0xF, Pml4e, 4)
            .Fetch().NestedFault(Table | 0xF, Pml4e);
        yield return Npt("N7 N8", "bit 7 of a PML4E").Or(Data4, Ps).Read().NestedFault(Final | 0xD, Gpa, 4);
        yield return Npt("N8", "bits 51:MAXPHYADDR").Nested(n => n.MaxPhyAddr = 48).Or(Data1, 1UL << 48).Read()
            .NestedFault(Final | 0xD, Gpa, 1)
            .Write().NestedFault(Final | 0xF, Gpa);
        yield return Npt("N8", "bits 20:13 of a 2M page").Set(Data2, 0x900000 | Scenes.All | Ps).Read().NestedFault(Final | 0xD, Gpa, 2)
            .Set(Data2, 0x800000 | Scenes.All | Ps).Read().Ok(hpa: 0x805123);
        yield return Npt("N8", "bits 29:13 of a 1G page").Set(Data3, 0x20000000 | Scenes.All | Ps).Read().NestedFault(Final | 0xD, Gpa, 3)
            .Set(Data3, 0x40000000 | Scenes.All | Ps).Read().Ok(hpa: 0x40205123).Nested(n => n.Has1G = false).Read()
            .NestedFault(Final | 0xD, Gpa, 3);
        yield return Npt("N8", "bit 63 with the host's EFER.NXE=0").Nested(n => n.HostEfer = 0x500).Or(Data2, Nx).Read()
            .NestedFault(Final | 0xD, Gpa, 2);
    }

    private static IEnumerable<WalkCase> Gmet()
    {
        yield return Npt("N10", "GMET: the guest supervisor fetches from a supervisor page").Nested(n => n.Gmet = true).Clear(Data1, U)
            .Fetch().Ok()
            .UserFetch().NestedFault(Final | 0x15, Gpa).Read().NestedFault(Final | 5, Gpa);
        yield return Npt("N10", "GMET: but not from a user page").Nested(n => n.Gmet = true).Fetch().NestedFault(Final | 0x11, Gpa)
            .UserFetch().Ok().Read().Ok().Write().Ok();
        yield return Npt("N10", "GMET: NX still applies").Nested(n => n.Gmet = true).Clear(Data1, U).Or(Data1, Nx).Fetch()
            .NestedFault(Final | 0x11, Gpa);
        yield return Npt("N10", "GMET: a page that is not present").Nested(n => n.Gmet = true).Clear(Data1, P).Fetch()
            .NestedFault(Final | 0x10, Gpa);
        yield return Npt("N10", "without GMET a supervisor page refuses the fetch").Clear(Data1, U).Fetch().NestedFault(Final | 0x15, Gpa);
    }

    private static IEnumerable<WalkCase> Flags()
    {
        yield return Npt("flags", "a read sets A on its path, and D on the tables'").Clear(Data1, A | D).Clear(Data2, A | D)
            .Clear(Table1, A | D).Clear(Table2, A)
            .Sets(Data1, A).Sets(Data2, A).Sets(Table1, A | D).Sets(Table2, A).Read().Ok();
        yield return Npt("flags", "a write sets D of the page").Clear(Data1, A | D).Sets(Data1, A | D).Write().Ok();
        yield return Npt("flags", "NPT's flags stay when the guest refuses").Clear(Table1, A | D).Clear(GuestPte, A | D | U)
            .Sets(Table1, A | D).UserWrite().PageFault(7);
        yield return Npt("flags", "the guest's own flags wait for the page").Clear(GuestPte, A | D).Clear(Data1, P).Write()
            .NestedFault(Final | 6, Gpa)
            .Or(Data1, P).Sets(GuestPte, A | D).Write().Ok();
    }

    private static IEnumerable<WalkCase> Modes()
    {
        const ulong LowPte = LowDataPage | Scenes.All;
        yield return Npt("mode", "an address wider than NPT translates").Set(GuestPte, (1UL << 48) | Scenes.All).Read()
            .NestedFault(Final | 4, (1UL << 48) | 0x123, 4);
        yield return Npt("mode", "five-level host").Nested(n => n.HostCr4 |= Cr4La57).Nested(n => n.HostCr3 = 0x209000)
            .Set(0x209000, Root | Scenes.All)
            .Read().Ok(hpa: DataHpa + 0x123).Or(0x209000, G).Read().NestedFault(Table | 0xF, Pml4e, 5);
        yield return Npt("mode", "PAE host: PDPTEs are read from memory and carry no rights").Nested(n => n.HostEfer = EferNxe)
            .Nested(n => n.HostCr3 = 0x201000)
            .Set(0x201000, 0x202000 | P).Set(0x201008, 0x207000 | P).Set(GuestPte, LowPte).Clear(0x208028, A | D).Sets(0x208028, A | D)
            .Write().Ok(hpa: DataHpa + 0x123).Or(0x201008, 1UL << 1).Read().NestedFault(Final | 0xD, LowDataPage + 0x123, 3)
            .Set(0x201008, 0).Read().NestedFault(Final | 4, LowDataPage + 0x123, 3);
        yield return Npt("mode", "32-bit host").Nested(n => n.HostCr4 = Cr4Pse).Nested(n => n.HostEfer = 0)
            .Nested(n => n.HostCr3 = 0x209000)
            .Set(0x209000, 0x200000 | Scenes.All | Ps, 4).Read().NestedFault(Table | 0xF, Pml4e, 2)
            .Set(0x209000, 0x20A000 | Scenes.All, 4).Set(0x20A004, 0x101000 | Scenes.All, 4).Set(0x20A008, 0x102000 | Scenes.All, 4)
            .Set(0x20A00C, 0x103000 | Scenes.All, 4).Set(0x20A010, 0x104000 | Scenes.All, 4).Set(GuestPte, LowPte)
            .Set(0x209400, 0x00C00000 | P | W | U | Ps, 4).Sets(0x209400, A | D).Write().Ok(gpa: LowDataPage + 0x123, hpa: 0xE05123)
            .Set(GuestPte, (1UL << 32) | Scenes.All).Read().NestedFault(Final | 4, (1UL << 32) | 0x123, 2);
        yield return Npt("mode", "guest paging off").Cr0(clear: 1UL << 31).At(LowDataPage).Read().Ok(hpa: DataHpa, rights: "RWXU")
            .Clear(0x208028, U).Read().NestedFault(Final | 5, LowDataPage);
        yield return PaeNested("mode", "PAE over NPT reads PDPTEs in each walk", ept: false).Read()
            .Ok(gpa: LowDataPage + 0x123, hpa: DataHpa + 0x123)
            .Set(TableOffset + Pdpte, 0x3000 | P | W).UserWrite().PageFault(15, level: 3, entry: Pdpte)
            .Set(TableOffset + Pdpte, 0).UserRead().PageFault(4, level: 3).Clear(0x203010, W).UserRead().NestedFault(Table | 7, Pdpte, 1);
        yield return Npt("memory type", "both dimensions' PAT types combine").Or(Data1, Pwt).Read().Ok(memoryType: 4).Clear(Data1, Pwt)
            .Or(GuestPte, Pwt | Pcd)
            .Read().Ok(memoryType: 0);
    }
}
