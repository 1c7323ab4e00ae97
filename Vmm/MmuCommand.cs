// Vmm: the `mmu` command apart from the process around it: parses, runs, and turns bad input into one line and exit code 2.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using Mmu.Vmm.Images;
using Mmu.Vmm.Inspect;
using Mmu.Vmm.Replay;
using Mmu.Vmm.Run;

namespace Mmu.Vmm;

/// <summary>The `mmu` command.</summary>
internal static class MmuCommand
{
    /// <summary>The exit code for input that cannot be used.</summary>
    internal const int BadInput = 2;

    /// <summary>The exit code when the output cannot be written.</summary>
    internal const int OutputFailed = 1;

    /// <summary>The exit code when a guest does not do on shadow tables what it does natively.</summary>
    internal const int Different = 1;

    /// <summary>Runs the command.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="terminal">Where progress may be drawn; null if standard error is not a terminal.</param>
    /// <returns>The exit code: 0, 1 if the output cannot be written or a replay differs, or 2 for bad input.</returns>
    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error, TextWriter? terminal)
    {
        var progress = new Progress(terminal);
        var root = new RootCommand("Tools around x86 page tables.")
        {
            new InspectCommand().Build((options, writer) => Inspect(options, writer, progress)),
            new ReplayCommand().Build((options, writer) => ReplayRun.Run(options, writer, progress)),
            new RunCommand().Build((options, writer) => RunAction.Run(options, writer, progress)),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"mmu: {parsed.Errors[0].Message.ReplaceLineEndings(" ")}");
            return BadInput;
        }

        try
        {
            int exitCode = parsed.Invoke(
                new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
            output.Flush();
            return exitCode;
        }
        catch (InputException e)
        {
            progress.Clear();
            error.WriteLine($"mmu: {e.Message.ReplaceLineEndings(" ")}");
            return BadInput;
        }
        catch (IOException e)
        {
            // Readers turn their own failures into InputException: this one is the output's.
            error.WriteLine($"mmu: the output cannot be written: {ImageFile.OneLine(e)}");
            return OutputFailed;
        }
    }

    private static int Inspect(InspectOptions options, TextWriter output, Progress progress)
    {
        using var json = new JsonReport(output.Write);
        IReport report = options.Format switch
        {
            OutputFormat.Qemu => new QemuReport(output),
            OutputFormat.Json => json,
            _ => new TextReport(output),
        };
        // Where the listing itself scrolls by, it is the progress.
        new Inspector(report, Console.IsOutputRedirected ? progress : new Progress(null)).Run(options);
        return 0;
    }
}
