// Eight lost exchanges end a walk: the caller runs the access again.
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Tests.Walk;
using Mmu.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Properties;

public sealed class LostExchangeTests
{
    private const ulong Address = 0x40_3000;
    private const ulong Decoy = 0x7000_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32, 2)]
    [InlineData(GuestMode.Pae, 2)]
    [InlineData(GuestMode.Long4, 4)]
    [InlineData(GuestMode.Long5, 5)]
    public void EightLostExchangesEndInRetryAndNothingIsMarked(GuestMode mode, int loads)
    {
        using Machine machine = new(mode);
        MemorySlot decoy = machine.Guest.AddSlot(Decoy, 1);
        machine.Map(Address, Machine.Data);
        machine.Enter();
        byte[] before = machine.Guest.Image();
        LosingView view = new(machine.Guest.Memory.Table, decoy, loads);
        Assert.True(Walk(mode, machine.Walker.Context, ref view, out WalkResult result) == ulong.MaxValue);
        Assert.Equal(WalkOutcome.Retry, result.Outcome);
        Assert.Equal(FaultCause.LostExchanges, result.Cause);
        Assert.Equal(8 * (loads + 1), view.Located);
        Assert.Equal(before, machine.Guest.Image());
    }

    private static ulong Walk(GuestMode mode, WalkContext context, ref LosingView view, out WalkResult result)
    {
        result = default;
        uint write = Access.UserWrite.Bits;
        return mode switch
        {
            GuestMode.Legacy32 => Legacy32Walker.Walk<LosingView, MarkUsed>(context, ref view, Address, write, ref result),
            GuestMode.Pae => PaeWalker.Walk<LosingView, MarkUsed>(context, ref view, Address, write, ref result),
            GuestMode.Long4 => Long4Walker.Walk<LosingView, MarkUsed>(context, ref view, Address, write, ref result),
            _ => Long5Walker.Walk<LosingView, MarkUsed>(context, ref view, Address, write, ref result),
        };
    }
}
