// Tests of the line on the terminal.
using System;
using System.IO;
using Mmu.Vmm;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class ProgressTests
{
    [Fact]
    public void BarShowsThePartThatIsDone()
    {
        using var terminal = new StringWriter();
        var progress = new Progress(terminal);
        progress.Show("5 of 20 cases", 0.25);
        Assert.Equal($"\r\u001b[Kmmu: [{new string('#', 7)}{new string('.', 23)}] {0.25,4:p0} 5 of 20 cases…", terminal.ToString());
        progress.Clear();
        progress.Clear();
        Assert.EndsWith("…\r\u001b[K", terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void NothingIsShownWithoutATerminal()
    {
        var progress = new Progress(null);
        progress.Show("nothing");
        progress.Clear();
        Assert.False(progress.Step(1));
    }

    [Fact]
    public void LineIsGoneBeforeAnError()
    {
        using var output = new StringWriter();
        using var error = new StringWriter { NewLine = "\n" };
        Assert.Equal(MmuCommand.BadInput, MmuCommand.Run(["run", "--cpu", "model", "--steps", "50", "--ending", "triple-fault"], output, error, error));
        Assert.Matches("^(\\r\u001b\\[Kmmu: [^\n]*…)+\\r\u001b\\[Kmmu: the native guest cannot go on [^\n]*\n$", error.ToString());
    }

    [Fact]
    public void RunsAndComparisonsShowHowFarTheyAre()
    {
        using var terminal = new StringWriter();
        _ = MmuCommand.Run(["run", "--cpu", "model", "--compare", "--cases", "60"], TextWriter.Null, TextWriter.Null, terminal);
        Assert.Contains("of 60 cases…", terminal.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\r\u001b[K", terminal.ToString(), StringComparison.Ordinal);
    }
}
