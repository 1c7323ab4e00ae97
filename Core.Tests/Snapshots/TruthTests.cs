// Snapshot tests: every T, M, G and K line that QEMU wrote about real kernels, against enumeration and translation.
using System;
using Xunit;

namespace Mmu.Tests.Snapshots;

public sealed class TruthTests
{
    private readonly ITestOutputHelper _output;

    public TruthTests(ITestOutputHelper output)
    {
        _output = output;
    }

    /// <summary>Gets the snapshots with the number of T, M, G and K lines in their truth files, which must all be judged.</summary>
    public static TheoryData<string, int, int, int, int> Snapshots => new()
    {
        { "la48", 15_643, 4_659, 3_055, 26 },
        { "la57", 16_135, 0, 3_060, 39 },
        { "pae32", 8_116, 295, 3_090, 3 },
        { "nonpae32", 11_774, 672, 3_010, 11 },
        { "kvm-npt-l", 14_155, 2_189, 1_520, 13 },
    };

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void EveryLineHolds(string name, int pages, int ranges, int translations, int sharedHalves)
    {
        using LoadedSnapshot snapshot = LoadedSnapshot.Open(name);
        var judge = new TruthJudge(snapshot);
        foreach (TruthRoot root in snapshot.Truth)
        {
            judge.Judge(root);
        }

        _output.WriteLine($"{name}: {snapshot.Truth.Count} roots, lines checked: {judge.Checked}, mismatches: {judge.Mismatches.Count}");
        Assert.Empty(judge.Mismatches);
        Assert.Equal(new TruthLines(pages, ranges, translations, sharedHalves), judge.Checked);
    }

    [Fact]
    public void ParserRefusesWhatItDoesNotKnow()
    {
        string path = System.IO.Path.GetTempFileName();
        System.IO.File.WriteAllBytes(path, Vmm.SnapshotBuilder.Gzip("Z 1 2 3\n"u8.ToArray()));
        try
        {
            _ = Assert.Throws<FormatException>(() => TruthFile.Read(path));
        }
        finally
        {
            System.IO.File.Delete(path);
        }
    }
}
