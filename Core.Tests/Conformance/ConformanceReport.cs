// Conformance: says how much was checked: in the test's output and in a file beside the tests, one line per mode.
using System;
using System.Globalization;
using System.IO;
using Xunit;

namespace Mmu.Tests.Conformance;

internal static class ConformanceReport
{
    public static void Conclude(string name, long count, long mismatches, string messages)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{name}: {count:N0} combinations, {mismatches} mismatches");
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        string directory = Path.Combine(AppContext.BaseDirectory, "conformance");
        _ = Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, $"{name}.txt"), line + "\n");
        Assert.True(mismatches == 0, $"{line}\n{messages}");
    }
}
