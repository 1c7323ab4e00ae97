// Tests of `mmu run` on the real processor; skipped where /dev/kvm is not there.
using System;
using Mmu.Vmm.Run.Processors.Kvm;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class KvmRunTests
{
    [Fact]
    public void GuestComesToTheSameEndOnShadowTablesAndNatively()
    {
        RequireKvm();
        CommandRun run = CommandRun.Of("run", "--cpu", "kvm", "--steps", "300").AssertOk();
        Assert.Contains("the checksums are equal", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomTablesGiveTheSameAnswersOnShadowTablesAndNatively()
    {
        RequireKvm();
        CommandRun run = CommandRun.Of("run", "--cpu", "kvm", "--compare", "--cases", "2500").AssertOk();
        Assert.Contains(" 0 differences", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void GuestThatHangsIsStopped()
    {
        RequireKvm();
        CommandRun.Of("run", "--cpu", "kvm", "--steps", "2000000000", "--timeout", "1").AssertRefused("has not come to its end natively");
    }

    private static void RequireKvm()
    {
        if (!KvmProcessor.IsThere())
        {
            Assert.Skip($"{KvmProcessor.Device} cannot be opened: nothing was run on the real processor.");
        }
    }
}
