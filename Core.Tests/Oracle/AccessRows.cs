// Rows: facts A1..A26: rights, CR0.WP, NX, SMEP, reserved bits, accessed and dirty flags of 4- and 5-level tables.
using System;
using System.Collections.Generic;
using static Mmu.Tests.Oracle.Scenes;

namespace Mmu.Tests.Oracle;

internal static class AccessRows
{
    private static readonly (string Name, ulong Entry)[] Path =
        [("PML5E", Pml5e), ("PML4E", Pml4e), ("PDPTE", Pdpte), ("PDE", Pde), ("PTE", Pte)];

    public static IEnumerable<WalkCase> All()
    {
        foreach (Func<string, string, WalkCase> scene in (Func<string, string, WalkCase>[])[Level4, Level5])
        {
            bool five = scene == Level5;
            string suffix = five ? " (5-level)" : " (4-level)";
            foreach (WalkCase row in Rights(scene))
            {
                yield return row.Rename(suffix);
            }

            foreach (WalkCase row in Faults(scene))
            {
                yield return row.Rename(suffix);
            }

            foreach ((string name, ulong entry) in Path)
            {
                if (five || entry != Pml5e)
                {
                    foreach (WalkCase row in AtEveryLevel(scene, name, entry))
                    {
                        yield return row.Rename(suffix);
                    }
                }
            }
        }

        foreach (WalkCase row in Sequences())
        {
            yield return row;
        }
    }

    private static IEnumerable<WalkCase> Rights(Func<string, string, WalkCase> scene)
    {
        yield return scene("A1", "an unrestricted path lets every access through")
            .Read().Ok(gpa: 0x5123, shift: 12, rights: "RWXU").Write().Ok().Fetch().Ok().UserRead().Ok().UserWrite().Ok().UserFetch().Ok();
        yield return scene("A2", "a user write needs W even with CR0.WP=0").Cr0(clear: Cr0Wp).Clear(Pte, W).UserWrite()
            .PageFault(7, level: 1, entry: Pte);
        yield return scene("A4", "a supervisor reads and writes a user page").Read().Ok().Write().Ok();
        yield return scene("A4", "a supervisor write to a read-only user page follows CR0.WP").Clear(Pte, W).Write().PageFault(3)
            .Cr0(clear: Cr0Wp).Write().Ok();
        yield return scene("A8", "SMEP refuses a supervisor fetch of a user page only").Cr4(set: Cr4Smep).Fetch().PageFault(0x11)
            .UserFetch().Ok().Read().Ok().Write().Ok().UserRead().Ok().UserWrite().Ok();
        yield return scene("A8", "SMEP lets the supervisor fetch where U=0 in any one entry").Cr4(set: Cr4Smep).Clear(Pde, U).Fetch().Ok();
        yield return scene("A19", "D in an entry above the leaf is ignored and kept").Clear(Pde, D).Write().Ok();
        yield return scene("A16", "keys in entries above the leaf are ignored").Cr4(set: Cr4Pke).Cpu(c => c.Pkru = 0x10).Or(Pde, 2UL << 59)
            .UserWrite().Ok();
        yield return scene("A16", "a key means nothing without CR4.PKE").Cpu(c => c.Pkru = 0xFFFFFFFC).Or(Pte, 1UL << 59).UserWrite().Ok();
        yield return scene("A17", "a write through a 2M page sets D in the PDE").Set(Pde, 0x200000 | P | W | U | Ps)
            .Sets(Pde, A | D).Write().Ok(gpa: 0x205123, shift: 21);
        yield return scene("A17", "a read through a 1G page sets A alone").Set(Pdpte, 0x40000000 | P | W | U | Ps)
            .Sets(Pdpte, A).Read().Ok(gpa: 0x40605123, shift: 30);
        yield return scene("A17", "a peek sets nothing").Clear(Pte, A | D).Clear(Pde, A).Peek().Write().Ok();
        yield return scene("A17", "a read-only slot keeps its flags, silently").Clear(Pte, A | D).ReadOnlySlot(0).Write().Ok();
        yield return scene("PAT", "the leaf's PAT, PCD and PWT bits choose the memory type").Or(Pte, Pwt).Read().Ok(pat: 1, memoryType: 4)
            .Or(Pte, Pcd).Read().Ok(pat: 3, memoryType: 0).Or(Pte, Ps).Read().Ok(pat: 7, memoryType: 0)
            .Cpu(c => c.Pat = 0x0105040600070406).Read().Ok(pat: 7, memoryType: 1).Clear(Pte, Pcd | Pwt | Ps).Read()
            .Ok(pat: 0, memoryType: 6);
        yield return scene("PAT", "a large page's PAT bit is bit 12").Set(Pde, 0x201000 | Scenes.All | Ps).Read().Ok(gpa: 0x205123, pat: 4);
    }

    private static IEnumerable<WalkCase> Faults(Func<string, string, WalkCase> scene)
    {
        yield return scene("A7", "a fetch fault shows I/D with EFER.NXE=1").Set(Pte, 0).Fetch().PageFault(0x10).UserFetch().PageFault(0x14);
        yield return scene("A7", "a fetch fault looks like a read with neither NXE nor SMEP").Efer(clear: EferNxe).Set(Pte, 0).Fetch()
            .PageFault(0);
        yield return scene("A7", "a fetch fault shows I/D with SMEP alone").Efer(clear: EferNxe).Cr4(set: Cr4Smep).Set(Pte, 0).Fetch()
            .PageFault(0x10);
        yield return scene("A10", "bits 20:13 are reserved in a 2M page").Set(Pde, 0x200000 | Scenes.All | Ps).Read().Ok()
            .Or(Pde, 1UL << 13).Read().PageFault(9, level: 2, entry: Pde).Clear(Pde, 1UL << 13).Or(Pde, 1UL << 20).Read().PageFault(9);
        yield return scene("A10", "bits 29:13 are reserved in a 1G page").Set(Pdpte, 0x40000000 | Scenes.All | Ps).Read().Ok()
            .Or(Pdpte, 1UL << 29).UserWrite().PageFault(15, level: 3, entry: Pdpte).Clear(Pdpte, 1UL << 29).Or(Pdpte, 1UL << 13).Fetch()
            .PageFault(0x19);
        yield return scene("A10", "bit 7 of a PDPTE is reserved without 1G pages").Cpu(c => c.Has1G = false).Or(Pdpte, Ps).Read()
            .PageFault(9, level: 3);
        yield return scene("A10", "bit 7 of a PML4E is reserved").Or(Pml4e, Ps).Read().PageFault(9, level: 4, entry: Pml4e);
        yield return scene("A10", "bit 8 of a PML4E is reserved on AMD only").Or(Pml4e, G).Read().Ok()
            .Cpu(c => c.Vendor = OracleVendor.Amd).Read().PageFault(9, level: 4);
        yield return scene("A10", "reserved bits beat permissions").Clear(Pte, U | W).Or(Pte, 1UL << 51).Cpu(c => c.MaxPhyAddr = 51)
            .UserWrite().PageFault(15);
        yield return scene("A11", "bits 20:13 of a PDE that names a table are address bits").Set(Pde, 0xA000 | Scenes.All)
            .Set(0xA028, 0x5000 | Scenes.All).Read().Ok(gpa: 0x5123);
        yield return scene("A10", "bits 62:52 are ignored").Or(Pml4e, 0x7FFUL << 52).Or(Pdpte, 0x7FFUL << 52).Or(Pde, 0x7FFUL << 52)
            .Or(Pte, 0x7FFUL << 52).UserWrite().Ok(gpa: 0x5123);
        yield return scene("A12", "a reserved PDE hides the PTE").Cpu(c => c.MaxPhyAddr = 40).Or(Pde, 1UL << 40).Set(Pte, 0).Read()
            .PageFault(9, level: 2);
        yield return scene("walk", "a table outside every slot is not present").Set(Pde, 0x7FFF0000 | Scenes.All).UserWrite()
            .PageFault(6, level: 1);
        yield return scene("M9", "CR3's low and PCID bits do not move the root").Cpu(c => c.Cr3 |= 0xFFF).Read().Ok(gpa: 0x5123);
        yield return scene("walk", "a leaf is global with G=1 and CR4.PGE=1").Or(Pte, G).Read().Ok(global: false)
            .Cr4(set: Cr4Pge).Read().Ok(global: true).Clear(Pte, G).Read().Ok(global: false);
    }

    private static IEnumerable<WalkCase> AtEveryLevel(Func<string, string, WalkCase> scene, string name, ulong entry)
    {
        int level = Array.FindIndex(Path, p => p.Entry == entry);
        level = 5 - level;
        yield return scene("A1", $"user accesses need U=1 in the {name}").Clear(entry, U).UserRead().PageFault(5).UserWrite().PageFault(7)
            .UserFetch().PageFault(0x15).Read().Ok(rights: "RWX").Write().Ok().Fetch().Ok();
        yield return scene("A2 A3", $"writes need W=1 in the {name} unless the supervisor's CR0.WP=0").Clear(entry, W).UserWrite()
            .PageFault(7)
            .Write().PageFault(3).Cr0(clear: Cr0Wp).UserWrite().PageFault(7).Write().Ok(rights: "RXU");
        yield return scene("A5", $"NX in the {name} refuses every fetch").Or(entry, Nx).Fetch().PageFault(0x11).UserFetch().PageFault(0x15)
            .UserWrite().Ok(rights: "RWU");
        yield return scene("A6", $"bit 63 of the {name} is reserved with EFER.NXE=0").Efer(clear: EferNxe).Or(entry, Nx)
            .Read().PageFault(9, level, entry).UserWrite().PageFault(15).UserFetch().PageFault(13);
        yield return scene("A9", $"not present in the {name} beats everything else in it").Cpu(c => c.MaxPhyAddr = 40).Set(entry, ~1UL)
            .Read().PageFault(0, level, entry).Write().PageFault(2).UserRead().PageFault(4).UserWrite().PageFault(6).UserFetch()
            .PageFault(0x14);
        foreach (int width in (int[])[32, 36, 40, 51])
        {
            yield return scene("A10", $"bits 51:{width} of the {name} are reserved with MAXPHYADDR {width}").Cpu(c => c.MaxPhyAddr = width)
                .Or(entry, 1UL << 51).Read().PageFault(9, level, entry).Write().PageFault(11).UserRead().PageFault(13).UserWrite()
                .PageFault(15)
                .UserFetch().PageFault(0x1D).Clear(entry, 1UL << 51).Or(entry, 1UL << width).Read().PageFault(9, level, entry);
        }

        yield return scene("A17", $"a completed access sets A in the {name}").Clear(entry, A | D)
            .Sets(entry, A).Read().Ok().Read().Ok();
        yield return scene("A17 A3", $"a write sets D in the leaf only ({name})").Clear(entry, A | D).Sets(entry, entry == Pte ? A | D : A)
            .Write().Ok();
        yield return scene("A18", $"a faulting access leaves the {name} as it was").Clear(entry, A | D).Clear(Pte, U).UserWrite()
            .PageFault(7)
            .Or(Pte, Nx | U).UserFetch().PageFault(0x15);
    }

    private static IEnumerable<WalkCase> Sequences()
    {
        yield return Level4("A20", "each access after a read is judged afresh").Clear(Pte, A | D | U).Sets(Pte, A).Read().Ok()
            .UserRead().PageFault(5).Sets(Pte, D).Write().Ok().Or(Pte, Nx).Fetch().PageFault(0x11);
        yield return Level4("A22", "a read-only alias of a writable 2M page stays read-only").Set(Pde, 0x200000 | P | W | U | Ps)
            .Set(Pde + 8, 0x200000 | P | U | Ps).Sets(Pde, A | D).Write().Ok().At(Address + (1UL << 21)).Write().PageFault(3);
        yield return Level4("A23", "a neighbour's reserved bits fault on their own").Cpu(c => c.MaxPhyAddr = 51)
            .Set(Pte + 8, 0x6000 | Scenes.All | (1UL << 51)).Read().Ok().At(Address + 0x1000).Read().PageFault(9, level: 1, entry: Pte + 8);
        yield return Level4("A24", "with CR0.WP=0 each read-only 2M alias gets its own D").Cr0(clear: Cr0Wp)
            .Set(Pde, 0x200000 | P | U | A | Ps).Set(Pde + 8, 0x200000 | P | U | A | Ps).Sets(Pde, D).Write().Ok()
            .At(Address + (1UL << 21)).Sets(Pde + 8, D).Write().Ok();
        yield return Level4("A25", "toggling CR0.WP takes effect at once, across NXE toggles").Clear(Pte, W).Write().PageFault(3)
            .Cr0(clear: Cr0Wp).Write().Ok().Efer(clear: EferNxe).Cr0(set: Cr0Wp).Write().PageFault(3).Efer(set: EferNxe).Write()
            .PageFault(3)
            .Cr0(clear: Cr0Wp).Write().Ok();
        yield return Level4("A26", "permissions belong to the path: one PD below a writable and a read-only PDPTE")
            .Set(Pdpte + 8, 0x3000 | P | U | A).UserWrite().Ok().At(Address + (1UL << 30)).UserWrite().PageFault(7).UserRead()
            .Ok(gpa: 0x5123)
            .At(Address).UserWrite().Ok();
        yield return Level4("walk", "a table that names itself is read as each level in turn").Set(Pml4e, 0x1000 | P | W | U)
            .At((1UL << 39) | (1UL << 30) | (1UL << 21) | (1UL << 12)).Sets(Pml4e, A | D).Write().Ok(gpa: 0x1000, shift: 12);
    }
}
