// Batches: spans that a host passes by mistake are refused before an address is walked.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class BatchArgumentTests
{
    [Fact]
    public void ResultsThatOverlapTheAddressesAreRefusedByName()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Enter();
        WalkResult[] results = new WalkResult[64];
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => machine.Walker.TranslateMany(MemoryMarshal.Cast<WalkResult, Gva>(results)[^64..], Access.UserRead, results));
        Assert.Equal("results", error.ParamName);
    }

    [Fact]
    public void TooFewResultsAreRefusedByName()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Enter();
        ArgumentException error = Assert.Throws<ArgumentException>(() => machine.Walker.TranslateMany(new Gva[2], Access.UserRead, new WalkResult[1]));
        Assert.Equal("results", error.ParamName);
    }
}
