// Tests of the bundled guest behind nested tables, on the model.
using System;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class NestedRunTests
{
    [Theory]
    [InlineData("ept", "long4")]
    [InlineData("ept-no-ad", "long4")]
    [InlineData("npt", "long4")]
    [InlineData("ept", "long5")]
    [InlineData("npt", "long5")]
    public void TheGuestComesToTheSameEndBehindNestedTables(string tables, string mode)
    {
        CommandRun run = CommandRun.Of("run", "--cpu", "model", "--tables", tables, "--mode", mode, "--steps", "1000").AssertOk();
        Assert.Contains("the checksums are equal", run.Output, StringComparison.Ordinal);
        Assert.Contains("violations: Fixed", run.Output, StringComparison.Ordinal);
        Assert.Contains("violations: Mmio", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cpu", "kvm")]
    [InlineData("--cpu", "auto")]
    [InlineData("--compare", "--cpu", "model")]
    [InlineData("--mode", "pae", "--cpu", "model")]
    public void WhatNestedTablesDoNotGoWithIsRefused(params string[] more) =>
        CommandRun.Of(["run", "--tables", "npt", .. more]).AssertRefused("--tables npt takes --cpu model");
}
