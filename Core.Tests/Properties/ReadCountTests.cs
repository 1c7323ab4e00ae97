// Walks of ordinary tables read each entry once: n for n levels, (n+1)(m+1)−1 behind m more, whether or not they mark.
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Walk;
using Mmu.Walk;
using Xunit;
using GuestMode = Mmu.Tests.Walk.GuestMode;

namespace Mmu.Tests.Properties;

public sealed class ReadCountTests
{
    private const ulong Address = 0x40_3000;

    public static IEnumerable<TheoryDataRow<GuestMode, SecondMode>> Modes => Machine.AllRows;

    [Theory]
    [MemberData(nameof(Modes))]
    public void AWalkReadsEachEntryOnce(GuestMode mode, SecondMode second)
    {
        using Machine machine = new(mode, second);
        machine.Map(Address, Machine.Data);
        machine.Enter();
        int limit = ReadLimit.Of(mode, second);
        Gva gva = new(mode == GuestMode.Unpaged ? 0x3000 : Address);
        WalkExplanation explained = machine.Walker.Explain(gva, Access.UserWrite);
        Assert.Equal((true, limit), (explained.Result.IsTranslated, explained.Steps.Count));
        if (!ReadLimit.CanCount)
        {
            return;
        }

        // First with every accessed and dirty bit to set, then with none.
        for (int i = 0; i < 2; i++)
        {
            long before = ReadLimit.Loads;
            Assert.True(machine.Walker.Translate(gva, Access.UserWrite, out _));
            Assert.Equal(limit, ReadLimit.Loads - before);
        }
    }

    [Fact]
    public void ATableThatMayNotBeMarkedCostsNoMoreReads()
    {
        using Machine machine = new(GuestMode.Long4, SecondMode.Ept4);
        machine.Map(Address, Machine.Data);
        machine.SecondDimension![machine.Tables!.AddressOf(Address, 1), 1] &= ~2UL;
        machine.Enter();
        long before = ReadLimit.Loads;
        Assert.False(machine.Walker.Translate(new Gva(Address), Access.UserWrite, out WalkResult result));
        Assert.Equal(WalkOutcome.EptViolation, result.Outcome);
        Assert.InRange(ReadLimit.Loads - before, 0, ReadLimit.Of(GuestMode.Long4, SecondMode.Ept4));
    }
}
