// Shadow rows: CR0.WP=0. Our processor has WP=1: a page that only the supervisor may write is the supervisor's until the user comes.
using System.Collections.Generic;
using System.Linq;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class WriteProtectOffTests
{
    private const ulong Address = 0x80_0000;
    private const ulong UserReadOnly = 0x65;
    private const ulong SupervisorReadOnly = 0x61;

    private static readonly Access _explicitWrite = new(AccessKind.Write, AccessFlags.AlignmentCheck);

    public static IEnumerable<TheoryDataRow<GuestMode, bool, bool>> Combinations =>
        from mode in (GuestMode[])[GuestMode.Legacy32, GuestMode.Pae, GuestMode.Long4]
        from smep in (bool[])[false, true]
        from smap in (bool[])[false, true]
        select new TheoryDataRow<GuestMode, bool, bool>(mode, smep, smap);

    [Theory]
    [MemberData(nameof(Combinations))]
    public void TheSupervisorWritesAUsersReadOnlyPage(GuestMode mode, bool smep, bool smap)
    {
        using ShadowScene scene = Unprotected(mode, smep, smap, UserReadOnly);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.UserRead));
            Assert.Equal(smap ? FaultOutcome.Inject : FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.SupervisorWrite));

            // Where SMAP looks at the user bit no mapping can allow just this.
            Assert.Equal(smap ? FaultOutcome.Emulate : FaultOutcome.Fixed, scene.Cpu.Touch(Address, _explicitWrite));
            SceneLeaf leaf = scene.Cpu.Look(Address);
            Assert.Equal((!smap, smap), (leaf.W, leaf.U));
            Assert.False(leaf.W && smep && leaf.X, "A supervisor that SMEP keeps from the user's page could fetch from it.");
            Assert.Equal(smep ? FaultOutcome.Inject : FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.SupervisorFetch));
            Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.UserWrite));
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.UserFetch));
            leaf = scene.Cpu.Look(Address);
            Assert.Equal((false, true, true), (leaf.W, leaf.U, leaf.X));
            scene.Audit();
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void TheSupervisorWritesItsOwnReadOnlyPage(GuestMode mode, bool smep, bool smap)
    {
        using ShadowScene scene = Unprotected(mode, smep, smap, SupervisorReadOnly);
        SceneLeaf leaf = scene.Cpu.Map(Address, Access.SupervisorWrite);
        Assert.Equal((true, false, true), (leaf.W, leaf.U, leaf.X));
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.UserRead));
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.SupervisorFetch));
    }

    [Fact]
    public void AReadOnlyTableIsWrittenUnseenAndBroughtInStep()
    {
        using ShadowScene scene = Unprotected(GuestMode.Long4, smep: false, smap: false, UserReadOnly);
        scene.Tables.Map(0x10_0000, scene.Tables.AddressOf(Address, 1) & ~0xFFFUL, SupervisorReadOnly);
        scene.Cpu.Map(Address, Access.UserRead);
        scene.Cpu.Store(0x10_0000, 8, 0x50_0067);
        scene.Cpu.LoadCr3(scene.Cpu.State.Cr3);
        Assert.Equal(0x50_0000UL, scene.Cpu.Map(Address, Access.UserWrite).Gpa);
    }

    private static ShadowScene Unprotected(GuestMode mode, bool smep, bool smap, ulong bits)
    {
        ShadowScene scene = new(mode);
        scene.Tables.Map(Address, ShadowScene.Data, bits);
        scene.Cpu.Load(scene.State with
        {
            Cr0 = Machine.Paging,
            Cr4 = scene.State.Cr4 | (smep ? SceneCpu.Smep : 0) | (smap ? SceneCpu.Smap : 0),
        });
        return scene;
    }
}
