// Tests of the command: one run of `mmu` inside the test process.
using System;
using System.IO;
using Mmu.Vmm;
using Xunit;

namespace Mmu.Tests.Vmm;

/// <summary>Exit code and output of one run.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    /// <summary>Gets the lines of the output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs `mmu` with <paramref name="args"/>.</summary>
    public static CommandRun Of(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int exitCode = MmuCommand.Run(args, output, error, null);
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Asserts that the run refused its input: exit code 2 and one line, which contains <paramref name="reason"/>.</summary>
    public void AssertRefused(string reason)
    {
        Assert.Equal(MmuCommand.BadInput, ExitCode);
        Assert.StartsWith("mmu: ", Error, StringComparison.Ordinal);
        Assert.Equal(Error.Length - 1, Error.IndexOf('\n', StringComparison.Ordinal));
        Assert.Contains(reason, Error, StringComparison.Ordinal);
    }

    /// <summary>Asserts that the run succeeded without complaint.</summary>
    public CommandRun AssertOk()
    {
        Assert.Equal((0, string.Empty), (ExitCode, Error));
        return this;
    }
}
