// Bug 2: a linked child was used again although its frame differed, after the guest's entry had changed unannounced. The rule: frame and
// whole role must be those that are needed; else the link is taken out.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug02Tests
{
    private const ulong Address = 0x80_0000;
    private const ulong OtherTable = 0x30_0000;

    public static IEnumerable<TheoryDataRow<GuestMode>> Modes =>
        from mode in Enum.GetValues<GuestMode>() where mode != GuestMode.Unpaged select new TheoryDataRow<GuestMode>(mode);

    [Theory]
    [MemberData(nameof(Modes))]
    public void Bug02AnEntryThatNamesAnotherTableGetsAnotherChild(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        int bytes = scene.Tables.Shape.EntryBytes;
        for (ulong i = 0; i < 128; i++)
        {
            scene.Tables.Map(Address + (i << 12), ShadowScene.Data + (i << 12), 0x67);
            scene.Guest.Write(OtherTable + (i * (ulong)bytes), bytes, (ShadowScene.Data + 0x10_0000 + (i << 12)) | 0x67);
        }

        ulong first = scene.Tables[Address, 2];
        scene.Load();
        for (ulong i = 0; i < 4; i++)
        {
            bool other = i % 2 != 0;
            scene.Tables[Address, 2] = other ? OtherTable | 0x67 : first | 0x20;

            // A page that was not mapped yet: what our tables hold of the others must not be the other table's.
            Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Touch(Address + ((40 + (8 * i)) << 12), Access.SupervisorRead));
            SceneLeaf leaf = scene.Cpu.Map(Address + (5 << 12), Access.SupervisorRead);
            Assert.Equal(ShadowScene.Data + (5 << 12) + (other ? 0x10_0000UL : 0), leaf.Gpa);
            scene.Audit();
        }
    }

    [Fact]
    public void Bug02AnEntryThatMapsAnotherHugePageGetsAnotherSplit()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        const ulong first = 0x60_0000;
        const ulong second = 0xA0_0000;
        scene.Vm.TrackWrites(new Gpa(first + 0x1F_F000));
        scene.Vm.TrackWrites(new Gpa(second + 0x1F_F000));
        scene.Tables.Map(Address, first, 0x67, level: 2);
        scene.Load();
        Assert.Equal(first + 0x5000, scene.Cpu.Map(Address + 0x5000, Access.SupervisorRead).Gpa);
        scene.Tables[Address, 2] = second | 0xE7;
        Assert.Equal(second + 0x6_4000, scene.Cpu.Map(Address + 0x6_4000, Access.SupervisorRead).Gpa);
        Assert.Equal(second + 0x5000, scene.Cpu.Map(Address + 0x5000, Access.SupervisorRead).Gpa);
    }
}
