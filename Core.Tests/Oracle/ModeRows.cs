// Rows: the other modes (off, 32-bit, PAE), canonical addresses (L4) and linear-address masking (M3..M6, M9).
using System.Collections.Generic;
using static Mmu.Tests.Oracle.Scenes;

namespace Mmu.Tests.Oracle;

internal static class ModeRows
{
    private const ulong LamU57 = 1UL << 61, LamU48 = 1UL << 62;

    public static IEnumerable<WalkCase> All() => [.. Plain(), .. Bits32Rows(), .. PaeRows(), .. Canonical(), .. Lam()];

    private static IEnumerable<WalkCase> Plain()
    {
        yield return Bits32("mode", "with paging off the address is its low 32 bits").Cr0(clear: 1UL << 31).At(0xFFFFFFFF_80001234)
            .UserWrite().Ok(gpa: 0x80001234, rights: "RWXU", memoryType: 6);
        yield return Bits32("mode", "32-bit paging drops the upper half of an address").At(0xFFFFFFFF_00000000 | Address32).Read()
            .Ok(gpa: 0x5123);
        yield return Pae("mode", "PAE paging drops the upper half of an address").At(0xFFFFFFFF_00000000 | PaeAddress).Read()
            .Ok(gpa: 0x5123);
    }

    private static IEnumerable<WalkCase> Bits32Rows()
    {
        yield return Bits32("A1", "an unrestricted 32-bit path lets every access through").UserRead()
            .Ok(gpa: 0x5123, shift: 12, rights: "RWXU")
            .UserWrite().Ok().UserFetch().Ok();
        yield return Bits32("A2 A3", "32-bit: W of both levels counts").Clear(Pde32, W).UserWrite().PageFault(7, level: 1, entry: Pte32)
            .Write().PageFault(3)
            .Cr0(clear: Cr0Wp).Write().Ok().UserWrite().PageFault(7);
        yield return Bits32("A7", "32-bit: EFER.NXE alone never reports I/D, SMEP does").Efer(set: EferNxe).Set(Pte32, 0, 4).Fetch()
            .PageFault(0)
            .Cr4(set: Cr4Smep).Fetch().PageFault(0x10);
        yield return Bits32("A9", "32-bit: not present").Set(Pde32, 0xFFFFFFFE, 4).UserWrite().PageFault(6, level: 2, entry: Pde32);
        yield return Bits32("A17", "32-bit: a write sets A in both and D in the leaf").Clear(Pde32, A | D).Clear(Pte32, A | D)
            .Sets(Pde32, A)
            .Sets(Pte32, A | D).Write().Ok();
        yield return Bits32("PSE", "a 4M page").Set(Pde32, 0x00C00000 | P | W | U | Ps, 4).Sets(Pde32, A | D).UserWrite()
            .Ok(gpa: 0xC03123, shift: 22);
        yield return Bits32("PSE", "without CR4.PSE bit 7 is ignored and the entry names a table").Cr4(clear: Cr4Pse).Or(Pde32, Ps).Read()
            .Ok(gpa: 0x5123, shift: 12);
        yield return Bits32("PSE", "bit 7 of a 32-bit PTE is PAT").Or(Pte32, Ps).Read().Ok(pat: 4);
        yield return Bits32("PSE", "bit 12 of a 4M page is PAT").Set(Pde32, 0x00C01000 | Scenes.All | Ps, 4).Read()
            .Ok(gpa: 0xC03123, pat: 4);
        yield return Bits32("PSE-36", "bits 20:13 are address bits 39:32").Set(Pde32, 0x00DFE000 | Scenes.All | Ps, 4).Read()
            .Ok(gpa: 0xFF_00C03123, shift: 22);
        yield return Bits32("PSE-36", "bit 21 is reserved").Set(Pde32, 0x00E00000 | Scenes.All | Ps, 4).Read().PageFault(9, level: 2);
        yield return Bits32("PSE-36", "bits from M-19 up to 20 are reserved").Cpu(c => c.MaxPhyAddr = 36)
            .Set(Pde32, 0x00C1E000 | Scenes.All | Ps, 4)
            .Read().Ok(gpa: 0xF_00C03123).Or(Pde32, 1UL << 17).Read().PageFault(9).Clear(Pde32, 1UL << 17).Or(Pde32, 1UL << 20).UserWrite()
            .PageFault(15);
        yield return Bits32("PSE", "without PSE-36 bits 21:13 are reserved").Cpu(c => c.HasPse36 = false)
            .Set(Pde32, 0x00C00000 | Scenes.All | Ps, 4)
            .Read().Ok().Or(Pde32, 1UL << 13).Read().PageFault(9).Clear(Pde32, 1UL << 13).Or(Pde32, 1UL << 21).Read().PageFault(9);
        yield return Bits32("PSE", "bits 21:12 of a PDE that names a table are address bits").Cpu(c => c.MaxPhyAddr = 32)
            .Set(Pde32, 0xF000 | Scenes.All, 4)
            .Set(0xF00C, 0x6000 | Scenes.All, 4).Read().Ok(gpa: 0x6123);
    }

    private static IEnumerable<WalkCase> PaeRows()
    {
        yield return Pae("A1", "an unrestricted PAE path lets every access through").UserRead().Ok(gpa: 0x5123, shift: 12, rights: "RWXU")
            .UserWrite().Ok().UserFetch().Ok();
        yield return Pae("A5", "PAE: NX of both levels counts").Or(Pde, Nx).Fetch().PageFault(0x11).Clear(Pde, Nx).Or(Pte, Nx).UserFetch()
            .PageFault(0x15);
        yield return Pae("A6", "PAE: bit 63 is reserved with EFER.NXE=0").Efer(clear: EferNxe).Or(Pde, Nx).Read()
            .PageFault(9, level: 2, entry: Pde);
        yield return Pae("A10", "PAE: bits 62:52 are reserved").Or(Pte, 1UL << 62).Read().PageFault(9, level: 1).Clear(Pte, 1UL << 62)
            .Or(Pde, 1UL << 52).UserWrite().PageFault(15, level: 2);
        yield return Pae("A10", "PAE: bits 51:MAXPHYADDR are reserved").Cpu(c => c.MaxPhyAddr = 36).Or(Pte, 1UL << 36).Read().PageFault(9)
            .Clear(Pte, 1UL << 36).Or(Pte, 1UL << 35).Read().Ok(gpa: 0x8_00005123);
        yield return Pae("A17", "PAE: a 2M page").Set(Pde, 0x1_00200000 | P | W | U | Ps).Sets(Pde, A | D).Write()
            .Ok(gpa: 0x1_00205123, shift: 21)
            .Or(Pde, 1UL << 13).Read().PageFault(9);
        yield return Pae("mode", "a PDPTE register that is not present").Cpu(c => c.Pdpte[1] = 0xFFFFFFFFFFFFFFFE).UserWrite()
            .PageFault(6, level: 3);
        yield return Pae("mode", "PDPTEs carry no rights").Clear(Pde, W).Write().PageFault(3).Or(Pde, W).UserWrite().Ok(rights: "RWXU");
        yield return Pae("mode", "memory at CR3 does not matter to loaded registers").Set(0x2008, 0).Read().Ok(gpa: 0x5123);
    }

    private static IEnumerable<WalkCase> Canonical()
    {
        yield return Level4("L4", "4-level paging takes 48-bit canonical addresses").At(0x0000_8000_0000_0000).Read().NonCanonical()
            .At(0xFFFF_7FFF_FFFF_FFFF).Read().NonCanonical().At(0x00FF_FFFF_FFFF_FFFF).Fetch().NonCanonical()
            .At(0xFFFF_8000_0000_0000).Read().PageFault(0).At(0x0000_7FFF_FFFF_FFFF).Read().PageFault(0);
        yield return Level5("L4", "5-level paging takes 57-bit canonical addresses").At(0x0100_0000_0000_0000).Read().NonCanonical()
            .At(0xFEFF_FFFF_FFFF_FFFF).Read().NonCanonical().At(0xFF00_0000_0000_0000).Read().PageFault(0).At(0x00FF_FFFF_FFFF_FFFF).Read()
            .PageFault(0);
    }

    private static IEnumerable<WalkCase> Lam()
    {
        const ulong Tag = 0x15UL << 57;
        yield return Tagged("M3", "without LAM a tagged address is not canonical").At(Address | Tag).UserRead().NonCanonical();
        yield return Tagged("M3", "LAM_SUP does not serve user pointers, nor CR3's bits supervisor pointers").Cr4(set: Cr4LamSup)
            .At(Address | (1UL << 60)).Read().NonCanonical().Cr4(clear: Cr4LamSup).Cpu(c => c.Cr3 |= LamU48 | LamU57)
            .At(0xBFFF_FFFF_FFFF_F000).Read().NonCanonical();
        yield return Tagged("M4", "LAM_SUP ignores bits 62:48 with four levels").Cr4(set: Cr4LamSup).At(0x8000_FFFF_FFFF_F000).Read()
            .PageFault(0)
            .At(0x8000_7FFF_FFFF_F000).Read().NonCanonical();
        yield return Level5("M4", "LAM_SUP ignores bits 62:57 with five levels").Cpu(c => c.HasLam = true).Cr4(set: Cr4LamSup)
            .At(0x81FF_FFFF_FFFF_F000).Read().PageFault(0).At(0x80FF_FFFF_FFFF_F000).Read().NonCanonical();
        yield return Tagged("M5 M9", "U48 ignores bits 62:48").Cpu(c => c.Cr3 |= LamU48).At(Address | 0x7FFF_0000_0000_0000).UserRead()
            .Ok(gpa: 0x5123)
            .At(Address | 0x7FFF_8000_0000_0000).UserRead().NonCanonical();
        yield return Tagged("M5 M9", "U57 ignores bits 62:57 only").Cpu(c => c.Cr3 |= LamU57).At(Address | (0x3FUL << 57)).UserRead()
            .Ok(gpa: 0x5123)
            .At(Address | (1UL << 56)).UserRead().NonCanonical().At(Address | (1UL << 48)).UserRead().NonCanonical();
        yield return Tagged("M5", "U57 wins over U48").Cpu(c => c.Cr3 |= LamU57 | LamU48).At(Address | (1UL << 50)).UserRead()
            .NonCanonical()
            .At(Address | (1UL << 60)).UserRead().Ok(gpa: 0x5123);
        yield return Level5("M5", "U48 with five levels").Cpu(c => c.HasLam = true).Cpu(c => c.Cr3 |= LamU48)
            .Set(0x8000, 0x1000 | Scenes.All)
            .At(Address | (0x155UL << 48)).UserRead().Ok(gpa: 0x5123).At(0x0000_8000_0000_0000).UserRead().NonCanonical()
            .UserFetch().PageFault(0x14);
        yield return Tagged("M6", "bit 63 selects, not the privilege level").Cpu(c => c.Cr3 |= LamU48).At(Address | Tag).Read()
            .Ok(gpa: 0x5123)
            .Write().Ok().Cr4(set: Cr4LamSup).At(0x8000_FFFF_FFFF_F000).UserRead().PageFault(4);
        yield return Tagged("LAM", "never for fetches or implicit supervisor accesses").Cpu(c => c.Cr3 |= LamU48).At(Address | Tag).Fetch()
            .NonCanonical()
            .UserFetch().NonCanonical().With(new OracleAccess(OracleKind.Read, Implicit: true)).NonCanonical();
        yield return Pae("LAM", "has no meaning below four levels").Cpu(c => c.HasLam = true).Cr4(set: Cr4LamSup).Read().Ok(gpa: 0x5123);
    }

    private static WalkCase Tagged(string ids, string title) => Level4(ids, title).Cpu(c => c.HasLam = true);
}
