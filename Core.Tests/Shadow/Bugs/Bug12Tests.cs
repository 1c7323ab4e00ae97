// Bug 12: the token of an asynchronous page fault wrapped to 0, which names nothing. The rule: an answer with token 0 is refused.
using System;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Shadow.Scenes;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug12Tests
{
    private const ulong OnDemand = 0x4000_0000;

    [Fact]
    public void Bug12AFrameThatIsNotThereYetNeedsATokenToWaitFor()
    {
        using ShadowScene scene = new(GuestMode.Long4);
        scene.AddSlot(OnDemand, 16, SlotFlags.Resolved);
        scene.Tables.Map(0x80_0000, OnDemand, 0x67);
        scene.Load();
        ulong token = 0;
        scene.Host.Resolver = (_, _) => new ResolvedFrame(ResolvedKind.NotYet, default, token);
        Assert.Throws<InvalidOperationException>(() => scene.Cpu.Fault(0x80_0000, Access.UserRead));
        token = 77;
        Assert.Equal(FaultOutcome.NotYet, scene.Cpu.Fault(0x80_0000, Access.UserRead));
        Assert.Equal(77UL, scene.Cpu.Result.Token);
    }
}
