// Perf: runs a small program and reads what it prints.
using System;
using System.Diagnostics;

namespace Mmu.Perf;

/// <summary>Other programs that a run asks: gcc, git, dotnet.</summary>
internal static class Tool
{
    /// <summary>Standard output of a program, or null if it failed; what it says of errors goes to ours.</summary>
    public static string? Run(string program, params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : null;
    }
}
