// Bug 18: pages were mapped that nobody held. The rule: a frame is mapped only through its slot, or with an answer of the VMM that is still
// good under the lock.
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug18Tests
{
    private const ulong Address = 0x80_0000;
    private const ulong OnDemand = 0x4000_0000;

    [Fact]
    public void Bug18AnAnswerThatAnUnmappingOvertookIsNotMapped()
    {
        using ShadowScene scene = Resolved();
        bool overtaken = false;
        scene.Host.Resolver = (gfn, _) =>
        {
            if (!overtaken)
            {
                overtaken = true;
                Thread other = new(() => scene.Vm.UnmapRange(new Gpa(gfn.Value << 12), 0x1000));
                other.Start();
                other.Join();
            }

            return new ResolvedFrame(ResolvedKind.Present, new Pfn(ShadowScene.FrameBase + gfn.Value), 0);
        };
        Assert.Equal(FaultOutcome.Retry, scene.Cpu.Fault(Address, Access.UserWrite));
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        Assert.Equal(FaultOutcome.Fixed, scene.Cpu.Fault(Address, Access.UserWrite));
        Assert.Equal(OnDemand, scene.Cpu.Look(Address).Gpa);
    }

    [Fact]
    public void Bug18AfterAnUnmappingTheFrameIsAskedForAnew()
    {
        using ShadowScene scene = Resolved();
        ulong shift = 0;
        scene.Host.Resolver = (gfn, write) => new ResolvedFrame(
            write ? ResolvedKind.Present : ResolvedKind.ReadOnly, new Pfn(ShadowScene.FrameBase + gfn.Value + shift), 0);
        Assert.False(scene.Cpu.Map(Address, Access.UserRead).W);
        SceneLeaf copied = scene.Cpu.Map(Address, Access.UserWrite);
        Assert.Equal((OnDemand, true), (copied.Gpa, copied.W));
        scene.Vm.UnmapRange(new Gpa(OnDemand), 0x1000);
        Assert.False(scene.Cpu.Look(Address).IsPresent);
        shift = 3;
        Assert.Equal(OnDemand + 0x3000, scene.Cpu.Map(Address, Access.UserWrite).Gpa);
    }

    [Fact]
    public void Bug18NeighboursAreMappedThroughTheirOwnSlotOrNotAtAll()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(OnDemand, 16);
        scene.AddSlot(OnDemand + 0x10_0000, 16, SlotFlags.Resolved);
        ulong[] frames = [ShadowScene.Data, OnDemand, OnDemand + 0xF000, OnDemand + 0x1_0000, OnDemand + 0x10_0000, 0x5000_0000, OnDemand - 0x1000];
        for (int i = 0; i < frames.Length; i++)
        {
            scene.Tables.Map(Address + ((ulong)i << 12), frames[i], 0x67);
        }

        scene.Load();
        for (int i = 0; i < frames.Length; i++)
        {
            scene.Cpu.Touch(Address + ((ulong)i << 12), Access.UserWrite);
            for (int j = 0; j < frames.Length; j++)
            {
                SceneLeaf leaf = scene.Cpu.Look(Address + ((ulong)j << 12));
                Assert.True(!leaf.IsPresent || leaf.Gpa == frames[j], $"Page {j} is mapped to 0x{leaf.Gpa:x}.");
            }

            scene.Audit();
        }

        Assert.Equal(4UL, scene.Statistics.Pages4K);
    }

    private static ShadowScene Resolved()
    {
        ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(OnDemand, 16, SlotFlags.Resolved);
        scene.Tables.Map(Address, OnDemand, 0x67);
        scene.Load();
        return scene;
    }
}
