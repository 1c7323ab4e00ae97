// Tests: the C compiler of the machine.
using System.Diagnostics;
using System.IO;
using Mmu.Tests.Snapshots;
using Xunit;

namespace Mmu.Tests.Native;

/// <summary>Runs gcc and g++; a test that needs one which is not there is skipped.</summary>
internal static class CCompiler
{
    /// <summary>Where mmu.h is checked in.</summary>
    internal static string Include => Path.Combine(SnapshotData.Repository, "Native", "include");

    /// <summary>Compiles a source, warnings being errors.</summary>
    /// <returns>What the compiler said, empty if nothing.</returns>
    internal static string Compile(string compiler, string standard, string source, string output, params string[] more)
    {
        string language = compiler == "g++" ? "c++" : "c";
        return Run(
            compiler,
            ["-x", language, "-std=" + standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-I", Include, source, "-o", output, .. more], out int code)
            is var said && code == 0 ? string.Empty : said + "\nexit code " + code;
    }

    /// <summary>Runs a program.</summary>
    internal static string Run(string program, string[] arguments, out int exitCode)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = StartOrSkip(start);
        System.Threading.Tasks.Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        exitCode = process.ExitCode;
        return output + errors.Result;
    }

    private static Process StartOrSkip(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{start.FileName} is not installed.");
            throw;
        }
    }
}
