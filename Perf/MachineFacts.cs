// Perf: where and of what a table of figures was made.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace Mmu.Perf;

/// <summary>The machine, the tools and the commit of a run.</summary>
internal static class MachineFacts
{
    /// <summary>The checkout this program runs in: the nearest folder upward that holds the solution.</summary>
    public static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mmu.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("Run --write inside a checkout: no folder above this one holds Mmu.sln.");
    }

    /// <summary>A line for each fact.</summary>
    /// <param name="peers">How the C peers were built.</param>
    public static IEnumerable<string> Lines(string peers)
    {
        string cpu = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "?"
            : "?";
        yield return $"Machine: {cpu}, {Environment.ProcessorCount} logical CPUs, {RuntimeInformation.OSDescription}";
        yield return $"SDK {Tool.Run("dotnet", "--version")}, {RuntimeInformation.FrameworkDescription}";
        yield return $"C: {peers}";
        yield return $"Commit: {Tool.Run("git", "rev-parse", "--short", "HEAD") ?? "?"}";
    }
}
