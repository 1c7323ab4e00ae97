// Rows: facts S1..S9 (SMAP), A13..A16 and P1..P5 (PKU), K1..K4 (PKS), C1 and C4 (shadow stacks).
using System.Collections.Generic;
using static Mmu.Tests.Oracle.Scenes;

namespace Mmu.Tests.Oracle;

internal static class ProtectionRows
{
    private const ulong Key2 = 2UL << 59;
    private const uint Ad2 = 0x10, Wd2 = 0x20;

    private static readonly OracleAccess ReadAc = new(OracleKind.Read, Ac: true);
    private static readonly OracleAccess WriteAc = new(OracleKind.Write, Ac: true);
    private static readonly OracleAccess ImplicitRead = new(OracleKind.Read, Implicit: true);
    private static readonly OracleAccess ImplicitReadAc = new(OracleKind.Read, Implicit: true, Ac: true);
    private static readonly OracleAccess ImplicitWriteAc = new(OracleKind.Write, Implicit: true, Ac: true);
    private static readonly OracleAccess StackRead = new(OracleKind.Read, ShadowStack: true);
    private static readonly OracleAccess StackWrite = new(OracleKind.Write, ShadowStack: true);
    private static readonly OracleAccess UserStackRead = new(OracleKind.Read, User: true, ShadowStack: true);
    private static readonly OracleAccess UserStackWrite = new(OracleKind.Write, User: true, ShadowStack: true);

    public static IEnumerable<WalkCase> All() => [.. Smap(), .. Pku(), .. Pks(), .. ShadowStack()];

    private static IEnumerable<WalkCase> Smap()
    {
        yield return Level4("S1", "SMAP never concerns a supervisor page").Cr4(set: Cr4Smap).Clear(Pte, U).Read().Ok().Write().Ok()
            .With(ReadAc).Ok().With(WriteAc).Ok().With(ImplicitReadAc).Ok().With(ImplicitWriteAc).Ok();
        yield return Level4("S2 S6", "SMAP lets a supervisor read a user page only with AC=1, at once").Cr4(set: Cr4Smap).Read()
            .PageFault(1)
            .With(ReadAc).Ok().Read().PageFault(1);
        yield return Level4("S3 S4 S6", "SMAP lets a supervisor write a user page only with AC=1, at once").Cr4(set: Cr4Smap).Clear(Pte, D)
            .Write().PageFault(3).Sets(Pte, D).With(WriteAc).Ok().Write().PageFault(3);
        yield return Level4("S5", "SMAP is no matter of fetches").Cr4(set: Cr4Smap).Fetch().Ok().UserFetch().Ok();
        yield return Level4("S7 S8", "CR0.WP=0 opens a read-only user page until SMAP closes it").Cr0(clear: Cr0Wp).Clear(Pte, W).Write()
            .Ok()
            .Cr4(set: Cr4Smap).Read().PageFault(1).Write().PageFault(3);
        yield return Level4("S9", "an implicit supervisor access ignores AC and reports U=0").Cr4(set: Cr4Smap).With(ImplicitRead)
            .PageFault(1)
            .With(ImplicitReadAc).PageFault(1).With(ImplicitWriteAc).PageFault(3);
        yield return Level4("S9", "an implicit access to a user page is free without SMAP").With(ImplicitRead).Ok().With(ImplicitWriteAc)
            .Ok();
        yield return Bits32("S2", "SMAP and SMEP hold under 32-bit paging").Cr4(set: Cr4Smap | Cr4Smep).Read().PageFault(1).With(ReadAc)
            .Ok()
            .Fetch().PageFault(0x11).UserFetch().Ok();
        yield return Pae("S2", "SMAP and SMEP hold under PAE paging").Cr4(set: Cr4Smap | Cr4Smep).Read().PageFault(1).With(ReadAc).Ok()
            .Fetch().PageFault(0x11).UserFetch().Ok();
    }

    private static IEnumerable<WalkCase> Pku()
    {
        yield return Keyed("P1", "PKRU never concerns a supervisor page").Cpu(c => c.Pkru = Ad2 | Wd2).Clear(Pde, U).Read().Ok().Write()
            .Ok()
            .Cr0(clear: Cr0Wp).Read().Ok().Write().Ok();
        yield return Keyed("P2 P3 A14", "WD refuses a supervisor write exactly with CR0.WP=1").Cpu(c => c.Pkru = Wd2).Write()
            .PageFault(0x23)
            .Read().Ok().Cr0(clear: Cr0Wp).Write().Ok();
        yield return Keyed("P4", "AD refuses a supervisor read of a user page, whatever CR0.WP").Cpu(c => c.Pkru = Ad2).Read()
            .PageFault(0x21)
            .Write().PageFault(0x23).Cr0(clear: Cr0Wp).Read().PageFault(0x21).Write().PageFault(0x23);
        yield return Keyed("P5", "a change of PKRU takes effect at once").Cpu(c => c.Pkru = Wd2).Write().PageFault(0x23)
            .Cpu(c => c.Pkru = 0)
            .Write().Ok().Cpu(c => c.Pkru = Ad2).UserRead().PageFault(0x25);
        yield return Keyed("A13", "keys never concern fetches").Cpu(c => c.Pkru = 0xFFFFFFFF).Fetch().Ok().UserFetch().Ok();
        yield return Keyed("A14", "WD refuses a user write whatever CR0.WP").Cpu(c => c.Pkru = Wd2).UserWrite().PageFault(0x27).UserRead()
            .Ok()
            .Cr0(clear: Cr0Wp).UserWrite().PageFault(0x27);
        yield return Keyed("A15", "a key and a read-only page are reported together").Cpu(c => c.Pkru = Ad2).Clear(Pte, W).UserWrite()
            .PageFault(0x27);
        yield return Keyed("A15", "a key and SMAP are reported together").Cr4(set: Cr4Smap).Cpu(c => c.Pkru = Ad2).Read().PageFault(0x21)
            .Cpu(c => c.Pkru = 0).Read().PageFault(1);
        yield return Keyed("A15", "a user access to a supervisor page never reports a key").Cr4(set: Cr4Pks)
            .Cpu(c => c.Pkru = c.Pkrs = 0xFFFFFFFF)
            .Clear(Pte, U).UserRead().PageFault(5).UserWrite().PageFault(7);
        yield return Keyed("A9", "a page that is not present reports no key").Cpu(c => c.Pkru = 0xFFFFFFFF).Clear(Pte, P).UserRead()
            .PageFault(4);
        yield return Keyed("A13", "the other keys' bits do not matter").Cpu(c => c.Pkru = ~(Ad2 | Wd2)).UserWrite().Ok();
        yield return Keyed("A13", "all sixteen keys are told apart").Or(Pte, 15UL << 59).Cpu(c => c.Pkru = 0x3FFFFFFF).UserWrite().Ok()
            .Cpu(c => c.Pkru = 0x40000000).UserRead().PageFault(0x25).Cpu(c => c.Pkru = 0x80000000).UserRead().Ok().UserWrite()
            .PageFault(0x27);
        yield return Keyed("A13", "a 2M page's key is its own").Set(Pde, 0x200000 | Scenes.All | Ps | Key2).Cpu(c => c.Pkru = Ad2)
            .UserRead().PageFault(0x25);
        yield return Level5("A13", "keys hold with five levels").Cr4(set: Cr4Pke).Or(Pte, Key2).Cpu(c => c.Pkru = Ad2).UserRead()
            .PageFault(0x25);
        yield return Pae("A13", "PAE has no keys").Cr4(set: Cr4Pke | Cr4Pks).Cpu(c => c.Pkru = c.Pkrs = 0xFFFFFFFF).UserWrite().Ok();
        yield return Bits32("A13", "32-bit paging has no keys").Cr4(set: Cr4Pke | Cr4Pks).Cpu(c => c.Pkru = c.Pkrs = 0xFFFFFFFF).UserWrite()
            .Ok()
            .Clear(Pte32, U).Read().Ok();
    }

    private static IEnumerable<WalkCase> Pks()
    {
        yield return SupervisorKeyed("K1", "AD refuses supervisor data accesses, whatever CR0.WP").Cpu(c => c.Pkrs = Ad2).Read()
            .PageFault(0x21)
            .Write().PageFault(0x23).Cr0(clear: Cr0Wp).Read().PageFault(0x21).Write().PageFault(0x23).Fetch().Ok();
        yield return SupervisorKeyed("K2", "WD refuses a write exactly with CR0.WP=1").Cpu(c => c.Pkrs = Wd2).Write().PageFault(0x23).Read()
            .Ok()
            .Cr0(clear: Cr0Wp).Write().Ok();
        yield return SupervisorKeyed("K3", "PKRS never concerns a user page").Or(Pte, U).Cpu(c => c.Pkrs = 0xFFFFFFFF).Read().Ok().Write()
            .Ok()
            .UserWrite().Ok().Cr0(clear: Cr0Wp).Write().Ok();
        yield return SupervisorKeyed("K4", "a change of PKRS takes effect at once").Cpu(c => c.Pkrs = Ad2).Read().PageFault(0x21)
            .Cpu(c => c.Pkrs = 0).Read().Ok();
        yield return SupervisorKeyed("K1", "an implicit access counts as the supervisor's").Cpu(c => c.Pkrs = Ad2).With(ImplicitRead)
            .PageFault(0x21);
        yield return SupervisorKeyed("K2", "a key and a read-only page are reported together").Cpu(c => c.Pkrs = Wd2).Clear(Pte, W).Write()
            .PageFault(0x23);
    }

    private static IEnumerable<WalkCase> ShadowStack()
    {
        yield return Level4("C1", "a user shadow-stack page takes user shadow-stack accesses").Clear(Pte, W).With(UserStackRead).Ok()
            .With(UserStackWrite).Ok();
        yield return Level4("C1", "a supervisor shadow-stack page takes supervisor ones").Clear(Pte, W | U).With(StackRead).Ok()
            .With(StackWrite).Ok();
        yield return Level4("C4", "a writable page is no shadow stack").With(UserStackRead).PageFault(0x45).With(UserStackWrite)
            .PageFault(0x47);
        yield return Level4("C4", "a clean page is no shadow stack, and stays clean").Clear(Pte, W | D).With(UserStackRead).PageFault(0x45)
            .With(UserStackWrite).PageFault(0x47);
        yield return Level4("C4", "W=0 above the leaf is refused").Clear(Pte, W).Clear(Pdpte, W).With(UserStackRead).PageFault(0x45);
        yield return Level4("C4", "the wrong owner is refused").Clear(Pte, W).With(StackRead).PageFault(0x41).Clear(Pde, U)
            .With(UserStackWrite).PageFault(0x47);
        yield return Level4("C4", "an ordinary write sees a read-only page").Clear(Pte, W).UserWrite().PageFault(7).Write().PageFault(3);
        yield return Level4("C4", "every fault of a shadow-stack access carries SS").Clear(Pte, P).With(UserStackWrite).PageFault(0x46)
            .Or(Pte, P).Or(Pde, Nx).Efer(clear: EferNxe).With(UserStackRead).PageFault(0x4D);
        yield return Level4("C4", "SMAP adds nothing to a supervisor shadow stack").Cr4(set: Cr4Smap).Clear(Pte, W | U).With(StackWrite)
            .Ok();
        yield return Keyed("C4", "keys apply to shadow stacks").Clear(Pte, W).Cpu(c => c.Pkru = Wd2).With(UserStackRead).Ok()
            .With(UserStackWrite).PageFault(0x67).Cpu(c => c.Pkru = Ad2).With(UserStackRead).PageFault(0x65);
        yield return Level4("C1", "a shadow-stack access sets A like any other").Clear(Pte, W | A).Clear(Pml4e, A).Sets(Pte, A)
            .Sets(Pml4e, A)
            .With(UserStackWrite).Ok();
    }

    private static WalkCase Keyed(string ids, string title) => Level4(ids, title).Cr4(set: Cr4Pke).Or(Pte, Key2);

    private static WalkCase SupervisorKeyed(string ids, string title) => Level4(ids, title).Cr4(set: Cr4Pks).Or(Pte, Key2).Clear(Pte, U);
}
