// Tests of the command: cores that QEMU itself wrote, against what its monitor said at that moment (see TestData/cores/README.md).
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Mmu.Tests.Snapshots;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class QemuCoreTests
{
    [Theory]
    [InlineData("long", 523)]
    [InlineData("pae", 514)]
    [InlineData("legacy32", 1026)]
    public void PagesAreThoseOfInfoTlb(string name, int count)
    {
        List<string> expected = [.. Monitor(name).Where(l => l.Contains(": ", StringComparison.Ordinal))
            .Select(l => l.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Select(w => $"{Hex(w[0]):x} {Hex(w[1]) & 0x7fff_ffff_ffff_ffff:x} {w[2]}")];
        Assert.Equal(count, expected.Count);
        Assert.Equal(expected, Inspect(name, "--format", "qemu").Lines);
    }

    [Theory]
    [InlineData("long", 10)]
    [InlineData("pae", 3)]
    [InlineData("legacy32", 2)]
    public void RangesAreThoseOfInfoMem(string name, int count)
    {
        List<string> expected = [.. Monitor(name).Where(l => !l.Contains(": ", StringComparison.Ordinal))
            .Select(l => l.Split('-', ' '))
            .Select(w => $"{Hex(w[0]):x} {Hex(w[1]):x} {string.Join('-', w[3..])}")];
        Assert.Equal(count, expected.Count);
        Assert.Equal(expected, Inspect(name, "--format", "qemu", "--ranges").Lines);
    }

    [Theory]
    [InlineData("long", "4-level     cr3=10000 cr0=80010011 cr4=a0 efer=d00")]
    [InlineData("pae", "PAE         cr3=10020 cr0=80010011 cr4=a0 efer=800")]
    [InlineData("legacy32", "32-bit      cr3=12000 cr0=80010011 cr4=90 efer=800")]
    public void EachCpuIsARoot(string name, string first)
    {
        string output = Inspect(name, "--root", "all").Output;
        Assert.Contains($"0  cpu 0       {first}", output, StringComparison.Ordinal);
        Assert.Contains("1  cpu 1       paging off  cr3=0", output, StringComparison.Ordinal);
        Assert.Contains("note: paging is off", output, StringComparison.Ordinal);
    }

    private static string PathOf(string file) => Path.Combine(SnapshotData.Repository, "Core.Tests", "TestData", "cores", file);

    private static string[] Monitor(string name) => File.ReadAllLines(PathOf($"{name}.monitor.txt"));

    private static CommandRun Inspect(string name, params string[] args) =>
        CommandRun.Of(["inspect", PathOf($"{name}.elf"), .. args]).AssertOk();

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
