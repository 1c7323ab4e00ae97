// Bug 25: iterators, yields and ends of ranges. The rule that concerns this engine: ranges are half-open, and exact.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug25Tests
{
    private const ulong Address = 0x80_0000;
    private const ulong Pages = 32;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(7, 1)]
    [InlineData(8, 8)]
    [InlineData(31, 1)]
    [InlineData(3, 20)]
    public void Bug25ChangesOfARangeStopAtItsEnds(int first, int count)
    {
        using ShadowScene scene = new(GuestMode.Long4);
        for (ulong i = 0; i < Pages; i++)
        {
            scene.Tables.Map(Address + (i << 12), ShadowScene.Data + (i << 12), 0x67);
        }

        scene.Load();
        for (ulong i = 0; i < Pages; i++)
        {
            scene.Cpu.Map(Address + (i << 12), Access.UserWrite);
        }

        Gpa start = new(ShadowScene.Data + ((ulong)first << 12));
        ulong bytes = (ulong)count << 12;
        bool Inside(ulong page) => page >= (ulong)first && page < (ulong)(first + count);
        _ = scene.Vm.Age(new Gpa(ShadowScene.Data), Pages << 12);
        Assert.False(scene.Vm.TestAge(new Gpa(ShadowScene.Data), Pages << 12));
        scene.Vm.WriteProtect(start, bytes);
        Check(scene, (page, leaf) => leaf.W != Inside(page));
        scene.Vm.UnmapRange(start, bytes);
        Check(scene, (page, leaf) => leaf.IsPresent != Inside(page));
        Assert.Equal(Pages - (ulong)count, scene.Statistics.Pages4K);
    }

    [Fact]
    public void Bug25HugePagesAreReachedFromEveryFrameOfThem()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.Tables.Map(Address, 0x60_0000, 0x67, level: 2);
        scene.Load();
        foreach (ulong frame in (ulong[])[0, 1, 300, 511])
        {
            Assert.Equal(2, scene.Cpu.Map(Address, Access.UserWrite).Level);
            Assert.True(scene.Vm.TestAge(new Gpa(0x60_0000 + (frame << 12)), 0x1000));
            scene.Vm.UnmapRange(new Gpa(0x5F_F000), 0x1000);
            scene.Vm.UnmapRange(new Gpa(0x80_0000), 0x1000);
            Assert.Equal(1UL, scene.Statistics.Pages2M);
            scene.Vm.UnmapRange(new Gpa(0x60_0000 + (frame << 12)), 0x1000);
            Assert.Equal(0UL, scene.Statistics.Pages2M);
        }
    }

    private static void Check(ShadowScene scene, Func<ulong, SceneLeaf, bool> isRight)
    {
        for (ulong i = 0; i < Pages; i++)
        {
            Assert.True(isRight(i, scene.Cpu.Look(Address + (i << 12))), $"Page {i}.");
        }
    }
}
