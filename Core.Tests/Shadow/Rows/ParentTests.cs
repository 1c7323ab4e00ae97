// Shadow rows: a table that the guest names very often.
using System;
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Shadow;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Rows;

public sealed class ParentTests
{
    private const ulong GiB = 1UL << 30;

    [Fact]
    public void ATableNamedFromEverywhereKeepsAShortListOfParents()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        const ulong directories = 4;
        const ulong entries = 512;

        // Four directories whose every entry names one and the same page table.
        for (ulong i = 0; i < directories; i++)
        {
            scene.Tables.Map(i * GiB, ShadowScene.Data, 0x67);
            for (ulong j = 0; j < entries; j++)
            {
                scene.Tables[(i * GiB) + (j << 21), 2] = scene.Tables[0, 2];
            }
        }

        scene.Load();
        uint longest = 0;
        for (ulong gva = 0; gva < directories * GiB; gva += 1UL << 21)
        {
            _ = scene.Cpu.Fault(gva, Access.UserRead);
            Assert.Equal(ShadowScene.Data, scene.Cpu.Look(gva).Gpa);
            longest = Math.Max(longest, LongestListOfParents(scene.Engine.State));
        }

        scene.Audit();
        Assert.Equal(RefLists.LongestList, longest);
    }

    private static uint LongestListOfParents(ShadowState state)
    {
        uint longest = 0;
        for (PageHandle page = state.Pages.Oldest; !page.IsNone; page = new PageHandle(state.Pages[page].Newer))
        {
            longest = Math.Max(longest, state.Refs.Count(state.Pages[page].Parents));
        }

        return longest;
    }
}
