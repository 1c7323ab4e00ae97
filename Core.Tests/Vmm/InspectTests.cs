// Tests of the command: what `mmu inspect` prints of a real kernel, against what QEMU said about it.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Mmu.Tests.Snapshots;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class InspectTests
{
    private static readonly string _la48 = SnapshotData.PathOf("la48", "pagetables.bin.gz");
    private static readonly TruthRoot _first = TruthFile.Read(SnapshotData.PathOf("la48", "truth.txt.gz"))[0];

    [Fact]
    public void QemuFormatPrintsTheLinesOfInfoTlb()
    {
        IEnumerable<string> expected = _first.Pages.OrderBy(p => p.Gva).Select(p => $"{p.Gva:x} {p.Gpa:x} {p.Flags}");
        Assert.Equal(expected, Inspect("--format", "qemu").Lines);
    }

    [Fact]
    public void QemuFormatWithRangesPrintsTheLinesOfInfoMem()
    {
        IEnumerable<string> expected = _first.Ranges.Select(r => $"{r.Start:x} {r.End:x} {r.Rights}");
        Assert.Equal(expected, Inspect("--format", "qemu", "--ranges").Lines);
    }

    [Theory]
    [InlineData("la48")]
    [InlineData("nonpae32")]
    [InlineData("pae32")]
    public void AllRootsArePrintedOneAfterTheOther(string name)
    {
        var expected = new List<string>();
        foreach (TruthRoot root in TruthFile.Read(SnapshotData.PathOf(name, "truth.txt.gz")))
        {
            expected.Add($"R cr3={root.Cr3:x} cr0={root.Cr0:x} cr4={root.Cr4:x} efer={root.Efer:x}");
            expected.AddRange(root.Ranges.Select(r => $"{r.Start:x} {r.End:x} {r.Rights}"));
        }

        string file = SnapshotData.PathOf(name, "pagetables.bin.gz");
        Assert.Equal(expected, CommandRun.Of("inspect", file, "--format", "qemu", "--ranges", "--root", "all").AssertOk().Lines);
    }

    [Theory]
    [InlineData("--user", "u")]
    [InlineData("--writable", "w")]
    [InlineData("--executable", "x")]
    public void FiltersKeepWhatHasTheRight(string option, string letter)
    {
        List<JsonElement> all = Pages(Inspect("--pages", "--json"));
        List<JsonElement> kept = Pages(Inspect("--pages", "--json", option));
        Assert.Equal(all.Count(p => Rights(p).Contains(letter, StringComparison.Ordinal)), kept.Count);
        Assert.All(kept, p => Assert.Contains(letter, Rights(p), StringComparison.Ordinal));
        Assert.InRange(kept.Count, 1, all.Count - 1);
    }

    [Fact]
    public void FiltersCombine()
    {
        List<JsonElement> kept = Pages(Inspect("--pages", "--json", "--user", "--executable"));
        Assert.Equal("0x401000", kept[0].GetProperty("gva").GetString());
        Assert.All(kept, p => Assert.Matches("^ur.x$", Rights(p)));
    }

    [Fact]
    public void FindGpaListsEveryAddressThatMapsIt()
    {
        const ulong Gpa = 0x7e3e123;
        List<string> expected = [.. _first.Pages.OrderBy(p => p.Gva)
            .Where(p => Gpa - p.Gpa < (p.Flags[2] == 'P' ? 0x20_0000UL : 0x1000UL)).Select(p => $"{p.Gva + (Gpa - p.Gpa):x16}")];
        CommandRun run = Inspect("--find-gpa", "0x7e3e123", "--root", "0");
        Assert.Equal(expected, run.Lines.Where(l => l.Contains("in a ", StringComparison.Ordinal)).Select(l => l.Trim().Split(' ')[0]));
        Assert.Contains($"{expected.Count} addresses map 7e3e123", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void FindGpaLooksInEveryRootUnlessToldOtherwise() =>
        Assert.Contains("root 26: extra root", Inspect("--find-gpa", "7e3e123").Output, StringComparison.Ordinal);

    [Fact]
    public void ExplainShowsEveryLevelAndWhatEachAccessDoes()
    {
        string output = Inspect("--explain", "402123").Output;
        Assert.Equal(4, output.Split('\n').Count(l => l.StartsWith("  level ", StringComparison.Ordinal)));
        Assert.Contains("0000000000402123 → 7e3f123, in a 4K page, ur--", output, StringComparison.Ordinal);
        Assert.Contains("user read         allowed", output, StringComparison.Ordinal);
        Assert.Contains("user write        #PF 0x07 [P W U]: not writable (level 1)", output, StringComparison.Ordinal);
        Assert.Contains("user fetch        #PF 0x15 [P U I]: not executable (level 1)", output, StringComparison.Ordinal);
        Assert.Contains("supervisor read   #PF 0x01 [P]: SMAP, a user page", output, StringComparison.Ordinal);
        Assert.Contains("supervisor fetch  #PF 0x11 [P I]:", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ExplainSaysWhyAnAddressIsNotMapped()
    {
        Assert.Contains("0000000000400fff is not mapped", Inspect("--explain", "400fff").Output, StringComparison.Ordinal);
        Assert.Contains("#GP: the address is not canonical", Inspect("--explain", "800000000000").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void SummaryAgreesWithTheListing()
    {
        using var json = JsonDocument.Parse(Inspect("--pages", "--json").Output);
        JsonElement space = json.RootElement.GetProperty("addressSpaces")[0];
        JsonElement summary = space.GetProperty("summary");
        ulong bytes = 0;
        foreach (JsonElement page in space.GetProperty("pages").EnumerateArray())
        {
            bytes += page.GetProperty("size").GetUInt64();
        }

        Assert.Equal(bytes, summary.GetProperty("mappedBytes").GetUInt64());
        Assert.Equal(_first.Pages.Count, summary.GetProperty("levels").EnumerateArray().Sum(l => l.GetProperty("leaves").GetInt64()));
        Assert.Equal(0, summary.GetProperty("tablesNotInImage").GetInt32());
        Assert.Equal(27, json.RootElement.GetProperty("roots").GetArrayLength());
    }

    [Fact]
    public void JsonOfRangesAndExplanationsParses()
    {
        using var ranges = JsonDocument.Parse(Inspect("--json", "--root", "all").Output);
        Assert.Equal(27, ranges.RootElement.GetProperty("addressSpaces").GetArrayLength());
        using var explained = JsonDocument.Parse(Inspect("--json", "--explain", "401000").Output);
        JsonElement explain = explained.RootElement.GetProperty("addressSpaces")[0].GetProperty("explain");
        Assert.Equal("0x7e3e000", explain.GetProperty("gpa").GetString());
        Assert.Equal(4, explain.GetProperty("steps").GetArrayLength());
    }

    [Fact]
    public void TablesThatContainThemselvesEndTheListing()
    {
        using var file = new TempFile(new SnapshotBuilder().Page(0x1000, [.. Enumerable.Repeat(0x1007UL, 512)]).Build());
        CommandRun run = CommandRun.Of("inspect", file.Path, "--cr3", "1000", "--cr4", "20", "--efer", "d00").AssertOk();
        Assert.Contains("incomplete: stopped after following 4160 tables", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void StateThatNoCpuCanBeInIsReported()
    {
        using var file = new TempFile(new SnapshotBuilder().Page(0x1000, 0x2083).Page(0x2000).Build());
        CommandRun run = CommandRun.Of("inspect", file.Path, "--cr3", "1000", "--cr4", "20", "--efer", "0").AssertOk();
        Assert.Contains("incomplete: a CPU refuses this control state: a PDPTE has a reserved bit", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void PhysicalAddressWidthAndVendorChangeWhatIsReserved()
    {
        // A frame above 2^40, and bit 8 in the PML4E.
        SnapshotBuilder tables = new SnapshotBuilder().Page(0x1000, 0x2003).Page(0x2000, 0x3003).Page(0x3000, 0x100_0000_0083);
        using var wide = new TempFile(tables.Build());
        string[] registers = ["--cr3", "1000", "--cr4", "20", "--efer", "d00", "--format", "qemu"];
        _ = Assert.Single(CommandRun.Of(["inspect", wide.Path, .. registers]).AssertOk().Lines);
        Assert.Empty(CommandRun.Of(["inspect", wide.Path, "--maxphyaddr", "40", .. registers]).AssertOk().Lines);
        using var global = new TempFile(new SnapshotBuilder().Page(0x1000, 0x2103).Page(0x2000, 0x3003).Page(0x3000, 0x20_0083).Build());
        _ = Assert.Single(CommandRun.Of(["inspect", global.Path, .. registers]).AssertOk().Lines);
        Assert.Empty(CommandRun.Of(["inspect", global.Path, "--vendor", "amd", .. registers]).AssertOk().Lines);
    }

    [Fact]
    public void QemusAccessedBitInPdptesIsNoted() =>
        Assert.Contains(
            "note: bit 5 of the PDPTEs",
            CommandRun.Of("inspect", SnapshotData.PathOf("pae32", "pagetables.bin.gz")).AssertOk().Output,
            StringComparison.Ordinal);

    private static CommandRun Inspect(params string[] args) => CommandRun.Of(["inspect", _la48, .. args]).AssertOk();

    private static List<JsonElement> Pages(CommandRun run) =>
        [.. JsonDocument.Parse(run.Output).RootElement.GetProperty("addressSpaces")[0].GetProperty("pages").EnumerateArray()];

    private static string Rights(JsonElement page) => page.GetProperty("rights").GetString()!;
}
