// Bug 23: permissions computed under an old CR0.WP. The rule for our tables: what one value of CR0.WP allowed is out of reach under the other.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Mmu.Tests.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug23Tests
{
    private const ulong Address = 0x80_0000;

    public static IEnumerable<TheoryDataRow<GuestMode>> Modes =>
        from mode in Enum.GetValues<GuestMode>() where mode != GuestMode.Unpaged select new TheoryDataRow<GuestMode>(mode);

    [Theory]
    [MemberData(nameof(Modes))]
    public void Bug23AFlipOfWriteProtectDecidesWhatOurTablesAllow(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, ShadowScene.Data, 0x65);
        for (int i = 0; i < 6; i++)
        {
            bool protects = i % 2 == 0;
            scene.Cpu.Load(scene.State with { Cr0 = Machine.Paging | (protects ? Machine.WriteProtect : 0) });
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.UserRead));
            Assert.Equal(protects ? FaultOutcome.Inject : FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.SupervisorWrite));
            Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Address, Access.UserWrite));
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address, Access.UserRead));
        }
    }
}
