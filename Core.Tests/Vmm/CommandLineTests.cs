// Tests of the command: what the command line accepts and refuses.
using System;
using System.IO;
using Mmu.Tests.Snapshots;
using Mmu.Vmm;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("inspect")]
    [InlineData("inspect", "a", "b")]
    [InlineData("inspect", "a", "--no-such-option")]
    [InlineData("inspect", "a", "--cr3", "xyz")]
    [InlineData("inspect", "a", "--cr3", "0x")]
    [InlineData("inspect", "a", "--cr3", "")]
    [InlineData("inspect", "a", "--cr3")]
    [InlineData("inspect", "a", "--cr3", "1", "--cr3", "2")]
    [InlineData("inspect", "a", "--explain", "11112222333344445")]
    [InlineData("inspect", "a", "--format", "xml")]
    [InlineData("inspect", "a", "--vendor", "via")]
    [InlineData("inspect", "a", "--maxphyaddr", "31")]
    [InlineData("inspect", "a", "--maxphyaddr", "53")]
    [InlineData("inspect", "a", "--maxphyaddr", "many")]
    [InlineData("inspect", "a", "--root", "-1")]
    [InlineData("inspect", "a", "--root", "one")]
    [InlineData("inspect", "a", "--root", "99999999999")]
    [InlineData("inspect", "a", "--json", "--format", "qemu")]
    [InlineData("inspect", "a", "--pages", "--ranges")]
    [InlineData("inspect", "a", "--explain", "1", "--find-gpa", "2")]
    [InlineData("run", "--cpu", "arm")]
    [InlineData("run", "--record")]
    [InlineData("run", "--record", "a", "--record", "b")]
    [InlineData("run", "--record", "a", "--compare")]
    [InlineData("run", "--record", "a", "--cpu", "all")]
    [InlineData("run", "--timeout", "0")]
    [InlineData("run", "--mode", "long6")]
    [InlineData("run", "--mode", "all", "--record", "a")]
    [InlineData("run", "file")]
    [InlineData("replay")]
    [InlineData("replay", "a", "--tlb-only", "--walker-only")]
    [InlineData("replay", "a", "--tlb-only", "--shadow-only")]
    [InlineData("replay", "a", "--record-from", "1")]
    [InlineData("no-such-command")]
    public void UnusableCommandLineIsRefused(params string[] args) => CommandRun.Of(args).AssertRefused(string.Empty);

    [Theory]
    [InlineData("--help")]
    [InlineData("inspect", "--help")]
    [InlineData("run", "--help")]
    [InlineData("replay", "--help")]
    public void HelpIsPrinted(params string[] args) =>
        Assert.Contains("Usage:", CommandRun.Of(args).AssertOk().Output, StringComparison.Ordinal);

    [Fact]
    public void RootBeyondThoseOfTheImageIsRefused()
    {
        using var file = new TempFile(new SnapshotBuilder().Page(0x1000).Build());
        CommandRun.Of("inspect", file.Path, "--cr3", "1000", "--cr4", "20", "--efer", "d00", "--root", "1")
            .AssertRefused("--root 1: there are 1 roots");
    }

    [Fact]
    public void OutputThatCannotBeWrittenIsOneLineToo()
    {
        using var output = new FullDisk();
        using var error = new StringWriter { NewLine = "\n" };
        string file = SnapshotData.PathOf("la48", "pagetables.bin.gz");
        Assert.Equal(MmuCommand.OutputFailed, MmuCommand.Run(["inspect", file], output, error, null));
        Assert.Equal("mmu: the output cannot be written: disk full\n", error.ToString());
    }

    private sealed class FullDisk : StringWriter
    {
        public override void WriteLine(string? value) => throw new IOException("disk full");
    }
}
