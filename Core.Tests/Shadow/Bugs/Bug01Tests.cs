// Bug 1: a linked child was used again although its role differed. The rule: frame and whole role must be those that are needed.
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug01Tests
{
    private const ulong Address = 0x80_0000;
    private const ulong Near = Address + (5 << 12);
    private const ulong Far = Address + (100 << 12);

    // The guest's table and its huge page begin in the same frame, so that only the role tells their shadow pages apart.
    private const ulong Frame = 0x60_0000;
    private const ulong Other = ShadowScene.Data + (7 << 12);

    [Theory]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void Bug01AnEntryToggledBetweenATableAndAHugePageNeverKeepsTheOtherOnesChild(GuestMode mode)
    {
        using ShadowScene scene = new(mode);
        scene.Tables.Map(Address, 0, 0, level: 2);
        scene.Guest.Write(Frame + (5 * 8), 8, Other | 0x67);
        scene.Guest.Write(Frame + (100 * 8), 8, (Other + 0x1000) | 0x67);
        scene.Load();
        for (int i = 0; i < 6; i++)
        {
            // Behind our back, as a device may: nothing announces the store.
            bool huge = i % 2 != 0;
            scene.Tables[Address, 2] = Frame | (huge ? 0xE7UL : 0x67);
            SceneLeaf far = FreshLook(scene, Far);
            Assert.Equal(huge ? Frame + (100 << 12) : Other + 0x1000, far.Gpa);
            Assert.Equal(1, far.Level);
            Assert.Equal(huge, scene.RoleOf(far.Table).IsDirect);
            SceneLeaf near = FreshLook(scene, Near);
            Assert.Equal(huge ? Frame + (5 << 12) : Other, near.Gpa);
            scene.Audit();
        }
    }

    [Fact]
    public void Bug01TablesOfDifferentAccessAreDifferentPages()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, 0, 0, level: 2);
        scene.Guest.Write(Frame + (5 * 8), 8, Other | 0x67);
        scene.Guest.Write(Frame + (100 * 8), 8, Other | 0x67);
        scene.Load();
        scene.Tables[Address, 2] = Frame | 0x67;
        Assert.True(scene.Cpu.Map(Near, Access.UserWrite).W);

        // The path loses W behind our back: a page for the path with W must not serve it.
        scene.Tables[Address, 2] = Frame | 0x65;
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(Far, Access.UserRead));
        SceneLeaf leaf = scene.Cpu.Look(Far);
        Assert.False(leaf.W);
        Assert.Equal(Rights.None, scene.RoleOf(leaf.Table).Access & Rights.Write);
        Assert.Equal(FaultOutcome.Inject, scene.Cpu.Touch(Near, Access.UserWrite));
    }

    // The first access after the change goes to a page that our tables do not map yet.
    private static SceneLeaf FreshLook(ShadowScene scene, ulong gva)
    {
        scene.Cpu.Fault(gva, Access.SupervisorRead);
        scene.Cpu.Fault(gva, Access.SupervisorRead);
        return scene.Cpu.Look(gva);
    }
}
