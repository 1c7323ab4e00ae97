// Tests of `mmu run` on QEMU's processor; skipped where QEMU is not installed.
using System;
using Mmu.Vmm.Run.Processors.Qemu;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class QemuRunTests
{
    [Fact]
    public void GuestComesToTheSameEndOnShadowTablesAndNatively()
    {
        RequireQemu();
        CommandRun run = CommandRun.Of("run", "--cpu", "qemu", "--steps", "300").AssertOk();
        Assert.Contains("the checksums are equal", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomTablesGiveTheSameAnswersOnShadowTablesAndNatively()
    {
        RequireQemu();
        CommandRun run = CommandRun.Of("run", "--cpu", "qemu", "--compare", "--cases", "2200").AssertOk();
        Assert.Contains(" 0 differences", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void GuestThatHangsIsStopped()
    {
        RequireQemu();
        CommandRun.Of("run", "--cpu", "qemu", "--steps", "2000000000", "--timeout", "1").AssertRefused("has not come to its end natively");
    }

    private static void RequireQemu()
    {
        if (!QemuProcessor.IsThere())
        {
            Assert.Skip($"There is no {QemuProcessor.Program} in PATH: nothing was run on QEMU's processor.");
        }
    }
}
