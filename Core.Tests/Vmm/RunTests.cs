// Tests of `mmu run` on the built-in model, which needs nothing installed.
using System;
using Mmu.Vmm;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class RunTests
{
    [Theory]
    [InlineData("--steps", "1500", "--processes", "3", "--pages", "32")]
    [InlineData("--steps", "800", "--processes", "1", "--pages", "16", "--seed", "7")]
    [InlineData("--steps", "800", "--processes", "2", "--pages", "1024")]
    public void GuestComesToTheSameEndOnShadowTablesAndNatively(params string[] sizes)
    {
        CommandRun run = CommandRun.Of(["run", "--cpu", "model", .. sizes]).AssertOk();
        Assert.Contains("the checksums are equal", run.Output, StringComparison.Ordinal);
        Assert.Contains("faults: Inject", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomTablesGiveTheSameAnswersOnShadowTablesAndNatively()
    {
        CommandRun run = CommandRun.Of("run", "--cpu", "model", "--compare", "--cases", "4000").AssertOk();
        Assert.Contains(" 0 differences", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void TooFewDowngradesFail()
    {
        CommandRun run = CommandRun.Of("run", "--cpu", "model", "--compare", "--cases", "60");
        Assert.Equal(MmuCommand.Different, run.ExitCode);
        Assert.Contains("FAILED: fewer than 1000", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--pages 48 is not a power of two", "--pages", "48")]
    [InlineData("--pages 8 is not between", "--pages", "8")]
    [InlineData("--processes 0 is not between", "--processes", "0")]
    [InlineData("--cases 0 is not between", "--compare", "--cases", "0")]
    [InlineData("ask for fewer processes or pages", "--processes", "64", "--pages", "32768")]
    [InlineData("has not come to its end", "--steps", "2000000000", "--timeout", "1")]
    public void UnusableGuestIsRefusedInOneLine(string reason, params string[] options) =>
        CommandRun.Of(["run", "--cpu", "model", .. options]).AssertRefused(reason);
}
