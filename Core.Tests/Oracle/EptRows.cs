// Rows: facts E1..E26: a 4-level guest over EPT.
using System.Collections.Generic;
using static Mmu.Tests.Oracle.Scenes;

namespace Mmu.Tests.Oracle;

internal static class EptRows
{
    private const ulong Gpa = DataPage + 0x123;
    private const ulong Rd = 1, Wr = 2, Fe = 4, PermR = 8, PermW = 0x10, PermX = 0x20, PermXu = 0x40, Final = 0x180, Table = 0x80;

    // Guest entries, host-physical.
    private const ulong GuestPte = TableOffset + Pte, GuestPde = TableOffset + Pde;

    private static readonly (int Level, ulong Entry)[] DataPath = [(1, Data1), (2, Data2), (3, Data3), (4, Data4)];

    public static IEnumerable<WalkCase> All()
    {
        foreach ((int level, ulong entry) in DataPath)
        {
            foreach (WalkCase row in RightsAt(level, entry))
            {
                yield return row.Rename($" (level {level})");
            }

            foreach (WalkCase row in MbecAt(level, entry))
            {
                yield return row.Rename($" (level {level})");
            }

            foreach (WalkCase row in BitsAt(level, entry))
            {
                yield return row.Rename($" (level {level})");
            }
        }

        foreach (WalkCase row in (IEnumerable<WalkCase>)[.. Leaves(), .. TableAccesses(), .. Modes()])
        {
            yield return row;
        }
    }

    private static IEnumerable<WalkCase> RightsAt(int level, ulong entry)
    {
        yield return Ept("E1", "not present").Clear(entry, 7).Read().Violation(Rd | Final, Gpa, level).Write().Violation(Wr | Final, Gpa)
            .Fetch().Violation(Fe | Final, Gpa).UserFetch().Violation(Fe | Final, Gpa);
        yield return Ept("E2 E7", "R only").Clear(entry, W | X).Read().Ok(hpa: DataHpa + 0x123, rights: "RU").Write()
            .Violation(Wr | PermR | Final, Gpa)
            .Fetch().Violation(Fe | PermR | Final, Gpa);
        yield return Ept("E3 E12", "W only and WX are misconfigured").Clear(entry, R | X).Read().Misconfiguration(Gpa, level).Write()
            .Misconfiguration(Gpa)
            .Fetch().Misconfiguration(Gpa).Or(entry, X).Read().Misconfiguration(Gpa).Or(entry, R).Read().Ok();
        yield return Ept("E4 E7", "RW").Clear(entry, X).Read().Ok().Write().Ok(rights: "RWU").Fetch()
            .Violation(Fe | PermR | PermW | Final, Gpa)
            .UserFetch().Violation(Fe | PermR | PermW | Final, Gpa);
        yield return Ept("E5", "X only with execute-only support").Nested(n => n.ExecuteOnly = true).Clear(entry, R | W).Read()
            .Violation(Rd | PermX | Final, Gpa)
            .Write().Violation(Wr | PermX | Final, Gpa).Fetch().Ok(rights: "XU");
        yield return Ept("E5", "X only without execute-only support").Clear(entry, R | W).Read().Misconfiguration(Gpa, level).Fetch()
            .Misconfiguration(Gpa);
        yield return Ept("E6 E7", "RX").Clear(entry, W).Read().Ok().Fetch().Ok(rights: "RXU").Write()
            .Violation(Wr | PermR | PermX | Final, Gpa);
        yield return Ept("E6", "RWX").Read().Ok().Write().Ok(rights: "RWXU", shift: 12, gpa: Gpa, hpa: DataHpa + 0x123).Fetch().Ok()
            .UserFetch().Ok();
    }

    private static IEnumerable<WalkCase> MbecAt(int level, ulong entry)
    {
        yield return Mbec("E8 E9", "X without XU", entry, R | W | X).Clear(GuestPte, U).Fetch().Ok().Or(GuestPte, U)
            .UserFetch().Violation(Fe | PermR | PermW | PermX | Final, Gpa).Fetch().Violation(Fe | PermR | PermW | PermX | Final, Gpa);
        yield return Mbec("E9", "RX without XU", entry, R | X).UserFetch().Violation(Fe | PermR | PermX | Final, Gpa);
        yield return Mbec("E9", "X only", entry, X).Nested(n => n.ExecuteOnly = true).UserFetch().Violation(Fe | PermX | Final, Gpa);
        yield return Mbec("E9", "XU without X", entry, R | Xu).UserFetch().Ok(rights: "RXU").Clear(GuestPde, U).Fetch()
            .Violation(Fe | PermR | PermXu | Final, Gpa);
        yield return Mbec("E9", "RW and XU without X", entry, R | W | Xu).Clear(GuestPte, U).Fetch()
            .Violation(Fe | PermR | PermW | PermXu | Final, Gpa);
        yield return Mbec("E9 E10 E11", "XU only is present, with execute-only support", entry, Xu).Nested(n => n.ExecuteOnly = true)
            .UserFetch().Ok()
            .Read().Violation(Rd | PermXu | Final, Gpa).Write().Violation(Wr | PermXu | Final, Gpa).Clear(GuestPte, U)
            .Fetch().Violation(Fe | PermXu | Final, Gpa);
        yield return Mbec("E10", "XU or X and XU without R are misconfigured otherwise", entry, Xu).Read().Misconfiguration(Gpa, level)
            .Or(entry, X).UserFetch().Misconfiguration(Gpa);
        yield return Mbec("E10", "X and XU without R", entry, X | Xu).Nested(n => n.ExecuteOnly = true).Read()
            .Violation(Rd | PermX | PermXu | Final, Gpa)
            .Write().Violation(Wr | PermX | PermXu | Final, Gpa).UserFetch().Ok().Clear(GuestPte, U).Fetch().Ok();
        yield return Mbec("E10", "R, X and XU", entry, R | X | Xu).Write().Violation(Wr | PermR | PermX | PermXu | Final, Gpa);
        yield return Mbec("E10", "W without R is misconfigured whatever XU", entry, W | Xu).Nested(n => n.ExecuteOnly = true).Read()
            .Misconfiguration(Gpa);
        yield return Ept("E9", "without mode-based control bit 10 is ignored").Or(entry, Xu).Clear(entry, X).UserFetch()
            .Violation(Fe | PermR | PermW | Final, Gpa)
            .Clear(entry, R | W).Read().Violation(Rd | Final, Gpa);
    }

    private static IEnumerable<WalkCase> BitsAt(int level, ulong entry)
    {
        yield return Ept("E13 E14", "bits 51:MAXPHYADDR").Nested(n => n.MaxPhyAddr = 46).Or(entry, 1UL << 46).Read()
            .Misconfiguration(Gpa, level)
            .Clear(entry, 1UL << 46).Or(entry, 1UL << 51).Fetch().Misconfiguration(Gpa).Clear(entry, 7).Read()
            .Violation(Rd | Final, Gpa, level);
        for (int bit = 3; level > 1 && bit <= 7; bit++)
        {
            // Bit 7 of levels 2 and 3 makes a large page, and of level 4 is reserved.
            if (bit < 7 || level == 4)
            {
                yield return Ept("E13 E14", $"bit {bit} of an entry that names a table").Or(entry, 1UL << bit).Write()
                    .Misconfiguration(Gpa, level)
                    .Clear(entry, 7).Write().Violation(Wr | Final, Gpa);
            }
        }

        yield return Ept("E15", "ignored bits").Or(entry, 0xFFF00000_00000F00).Read().Ok().Write().Ok().Fetch().Ok().UserFetch().Ok()
            .Clear(entry, 0xFFF00000_00000F00).Read().Ok();
    }

    private static IEnumerable<WalkCase> Leaves()
    {
        foreach (int type in (int[])[2, 3, 7])
        {
            yield return Ept("E16", $"memory type {type} is reserved in a leaf").Set(Data1, DataHpa | R | W | X | ((ulong)type << 3)).Read()
                .Misconfiguration(Gpa, 1)
                .Clear(Data1, 7).Read().Violation(Rd | Final, Gpa);
        }

        yield return Ept("E24", "a 2M page").Set(Data2, 0x800000 | R | W | X | Ps | WriteBack).Read().Ok(hpa: 0x805123, shift: 12)
            .Clear(Data2, W | X)
            .Write().Violation(Wr | PermR | Final, Gpa, 2).Or(Data2, W).Clear(Data2, R).Read().Misconfiguration(Gpa, 2);
        for (int bit = 12; bit <= 20; bit++)
        {
            yield return Ept("E13", $"bit {bit} of a 2M page").Set(Data2, 0x800000 | R | W | X | Ps | WriteBack | (1UL << bit)).Read()
                .Misconfiguration(Gpa, 2);
        }

        for (int bit = 12; bit <= 29; bit++)
        {
            yield return Ept("E13", $"bit {bit} of a 1G page").Set(Data3, R | W | X | Ps | WriteBack | (1UL << bit)).Read()
                .Misconfiguration(Gpa, 3);
        }

        yield return Ept("E13", "a 1G page").Set(Data3, 0xC0000000 | R | W | X | Ps | WriteBack).Read().Ok(hpa: 0xC0205123, shift: 12)
            .Nested(n => n.Has1G = false).Read().Misconfiguration(Gpa, 3);
        yield return Ept("E13", "bit 7 is reserved without 2M pages").Nested(n => n.Has2M = false)
            .Set(Data2, 0x800000 | R | W | X | Ps | WriteBack)
            .Read().Misconfiguration(Gpa, 2).Set(Data2, 0x800000 | R | W | X | Ps).Read().Misconfiguration(Gpa, 2);
        yield return Ept("page size", "the smaller of both dimensions").Set(GuestPde, (DataPage & ~0x1FFFFFUL) | Scenes.All | Ps)
            .Set(Data2, 0x800000 | R | W | X | Ps | WriteBack).Read().Ok(hpa: 0x805123, shift: 21)
            .Set(Data3, 0xC0000000 | R | W | X | Ps | WriteBack).Read().Ok(shift: 21);
        yield return Ept("memory type", "EPT's with IPAT, otherwise combined").Or(GuestPte, Pwt).Read().Ok(memoryType: 4).Or(Data1, Ipat)
            .Read().Ok(memoryType: 6)
            .Set(Data1, DataHpa | R).Read().Ok(memoryType: 0).Set(Data1, DataHpa | R | (1 << 3)).Read().Ok(memoryType: 0);
        yield return Ept("memory type", "write-combining by PAT survives uncached EPT").Cpu(c => c.Pat = 0x01).Set(Data1, DataHpa | R)
            .Read().Ok(memoryType: 1);
    }

    private static IEnumerable<WalkCase> TableAccesses()
    {
        yield return Ept("E17", "the page table not present").Clear(Table1, 7).Read().Violation(Rd | Table, Pte, 1).UserWrite()
            .Violation(Rd | Table, Pte)
            .Fetch().Violation(Rd | Table, Pte).Nested(n => n.EptAccessedDirty = true).Sets(Table4, EptA).Sets(Table3, EptA)
            .Sets(Table2, EptA)
            .Sets(0x203008, EptA | EptD).Sets(0x203010, EptA | EptD).Sets(0x203018, EptA | EptD).Read().Violation(Rd | Wr | Table, Pte, 1);
        yield return Ept("E18", "a read-only page table, A clear").Clear(Table1, W | X).Clear(GuestPte, A | D).Read()
            .Violation(Rd | Wr | PermR | Table, Pte)
            .Write().Violation(Rd | Wr | PermR | Table, Pte).Fetch().Violation(Rd | Wr | PermR | Table, Pte).Or(Table1, X).Read()
            .Violation(Rd | Wr | PermR | PermX | Table, Pte);
        yield return Ept("E18", "a read-only page table, A set and D clear").Clear(Table1, W | X).Clear(GuestPte, D).Read().Ok().Fetch()
            .Ok()
            .Write().Violation(Rd | Wr | PermR | Table, Pte);
        yield return Ept("E18", "a read-only page table, A and D set").Clear(Table1, W | X).Read().Ok().Write().Ok().Fetch().Ok();
        yield return Ept("E18 E26", "the final access is refused after the update of a read-only table").Clear(Table1, W).Clear(GuestPte, D)
            .Clear(Data1, 7)
            .Write().Violation(Rd | Wr | PermR | PermX | Table, Pte).Read().Violation(Rd | Final, Gpa);
        yield return Ept("E18", "the topmost table that needs an update is named").Clear(Table2, W).Clear(GuestPte, A)
            .Clear(TableOffset + Pdpte, A)
            .Read().Violation(Rd | Wr | PermR | PermX | Table, Pdpte);
        yield return Ept("E19", "with accessed and dirty flags a read-only page table always violates")
            .Nested(n => n.EptAccessedDirty = true)
            .Or(Table4, EptA).Or(Table3, EptA).Or(Table2, EptA).Or(0x203008, EptA | EptD).Or(0x203010, EptA | EptD)
            .Or(0x203018, EptA | EptD)
            .Clear(Table1, W).Read().Violation(Rd | Wr | PermR | PermX | Table, Pte).Fetch()
            .Violation(Rd | Wr | PermR | PermX | Table, Pte);
        yield return Ept("E20", "a page table needs no X").Clear(Table1, X).Read().Ok().Fetch().Ok().Write().Ok();
        yield return Ept("E21 E22", "a read sets A, and D on table pages").Nested(n => n.EptAccessedDirty = true).SetsTables()
            .SetsData(EptA).Read().Ok();
        yield return Ept("E21 E22", "a write sets D on the page too").Nested(n => n.EptAccessedDirty = true).SetsTables()
            .SetsData(EptA | EptD).Write().Ok();
        yield return Ept("E22", "without the flags none is ever set").Write().Ok().Fetch().Ok();
        yield return Ept("E22", "a peek sets none").Nested(n => n.EptAccessedDirty = true).Peek().Write().Ok();
        yield return Ept("E23", "after a violation is mended the guest entry gets A and D").Clear(GuestPte, A | D).Clear(Table1, W)
            .Write().Violation(Rd | Wr | PermR | PermX | Table, Pte).Or(Table1, W).Sets(GuestPte, A | D).Write().Ok();
        yield return Ept("E25", "an unmapped page: read, then write").Set(Data1, 0).Read().Violation(Rd | Final, Gpa)
            .Set(Data1, DataHpa | R)
            .Write().Violation(Wr | PermR | Final, Gpa);
        yield return Ept("E26", "the guest's refusal comes before any fault of the page").Set(Data1, 0).Clear(GuestPte, W).Write()
            .PageFault(3);
        yield return Ept("E26", "a walk that the guest refuses does not need its tables writable").Clear(Table1, W).Clear(GuestPte, A | U)
            .UserRead().PageFault(5);
        yield return Ept("A18", "no guest flag is set when EPT refuses the page").Clear(GuestPte, A | D).Set(Data1, 0).Write()
            .Violation(Wr | Final, Gpa);
        yield return Ept("E21", "EPT's flags stay when the guest refuses").Nested(n => n.EptAccessedDirty = true).Clear(GuestPte, A | U)
            .SetsTables().UserRead().PageFault(5);
    }

    private static IEnumerable<WalkCase> Modes()
    {
        yield return Ept("mode", "an address wider than EPT translates").Set(GuestPte, (1UL << 48) | Scenes.All).Read()
            .Violation(Rd | Final, (1UL << 48) | 0x123, 4);
        yield return Ept("mode", "five levels").Nested(n => n.EptLevels = 5).Nested(n => n.EptRoot = 0x209000)
            .Set(0x209000, Root | R | W | X)
            .Read().Ok(hpa: DataHpa + 0x123).Set(0x209008, Root | R | X).Set(GuestPte, (1UL << 48) | DataPage | Scenes.All)
            .Write().Violation(Wr | PermR | PermX | Final, (1UL << 48) | Gpa).Set(0x209008, Root | R | Ps).Read()
            .Misconfiguration((1UL << 48) | Gpa, 5);
        yield return Ept("mode", "a second-dimension table outside every slot").Set(Data2, 0x7FFF0000 | R | W | X).Read()
            .Violation(Rd | Final, Gpa, 1);
        yield return Ept("mode", "guest paging off: every address is user-mode").Nested(n => n.Mbec = true).Cr0(clear: 1UL << 31)
            .At(LowDataPage)
            .Set(0x208028, DataHpa | R | Xu | WriteBack).Or(Table4, Xu).Or(0x201008, Xu).Or(0x207008, Xu).Fetch().Ok(hpa: DataHpa)
            .Set(0x208028, DataHpa | R | X | WriteBack).Fetch().Violation(Fe | PermR | PermX | Final, LowDataPage);
        yield return PaeNested("mode", "PAE over EPT uses the registers", ept: true).Set(TableOffset + Pdpte, 0).Read()
            .Ok(gpa: LowDataPage + 0x123, hpa: DataHpa + 0x123)
            .Clear(TableOffset + Pte, A | D).Sets(TableOffset + Pte, A | D).Write().Ok().Cpu(c => c.Pdpte[1] = 0).Read()
            .PageFault(0, level: 3);
    }

    private static WalkCase Mbec(string ids, string title, ulong entry, ulong rights)
    {
        WalkCase row = Ept(ids, title).Nested(n => n.Mbec = true);
        foreach ((_, ulong other) in DataPath)
        {
            row = row.Or(other, Xu);
        }

        return row.Clear(entry, R | W | X | Xu).Or(entry, rights);
    }

    private static WalkCase SetsTables(this WalkCase row) => row.Sets(Table4, EptA).Sets(Table3, EptA).Sets(Table2, EptA)
        .Sets(0x203008, EptA | EptD).Sets(0x203010, EptA | EptD).Sets(0x203018, EptA | EptD).Sets(0x203020, EptA | EptD);

    private static WalkCase SetsData(this WalkCase row, ulong leaf) =>
        row.Sets(Data4, EptA).Sets(Data3, EptA).Sets(Data2, EptA).Sets(Data1, leaf);
}
