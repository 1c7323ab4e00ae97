// Tests of the command: PTSNAP1 snapshots, sound ones and every way of being broken.
using System;
using Mmu.Vmm.Images;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class SnapshotReaderTests
{
    private static readonly string[] _registers = ["--cr3", "1000", "--cr4", "20", "--efer", "d00"];

    private static byte[] Sound =>
        new SnapshotBuilder().Page(0x1000, 0x2003).Page(0x2000, 0x3003).Page(0x3000, 0x4003).Page(0x4000, 0x5067).Build();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SnapshotIsReadPlainOrCompressed(bool compressed)
    {
        using var file = new TempFile(compressed ? SnapshotBuilder.Gzip(Sound) : Sound);
        Assert.Equal(["0 5000 ---DA--UW"], Inspect(file, "--format", "qemu").AssertOk().Lines);
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        byte[] sound = Sound;
        for (int length = 0; length < sound.Length; length += length < 64 || length % 4104 is > 4080 or < 40 ? 1 : 211)
        {
            using var file = new TempFile(sound[..length]);
            Inspect(file).AssertRefused(length < 8 ? "image.bin" : "truncated");
        }
    }

    [Fact]
    public void EveryTruncationOfTheCompressedFileIsRefused()
    {
        byte[] sound = SnapshotBuilder.Gzip(Sound);
        for (int length = 0; length < sound.Length; length++)
        {
            using var file = new TempFile(sound[..length]);
            Inspect(file).AssertRefused("image.bin");
        }
    }

    [Fact]
    public void NoFlippedByteOfTheCompressedFileIsAnUnhandledException()
    {
        byte[] sound = SnapshotBuilder.Gzip(Sound);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] broken = [.. sound];
            broken[i] ^= 0x5a;
            using var file = new TempFile(broken);
            CommandRun run = Inspect(file);

            // The gzip header's time, flags and system bytes may change without harm.
            Assert.True(run.ExitCode is 0 or 2, $"byte {i}: {run}");
        }
    }

    [Theory]
    [InlineData(0u, "0 pages")]
    [InlineData(1u << 31, "2147483648 pages")]
    [InlineData(uint.MaxValue, "4294967295 pages")]
    [InlineData(3u, "data after the last of 3 pages")]
    [InlineData(5u, "page 4 of 5 is not complete")]
    [InlineData(SnapshotReader.MaxPages, "page 4 of 1048576 is not complete")]
    public void WrongCountIsRefused(uint count, string reason)
    {
        SnapshotBuilder builder = new SnapshotBuilder { Count = count }.Page(0x1000).Page(0x2000).Page(0x3000).Page(0x4000);
        using var file = new TempFile(builder.Build());
        Inspect(file).AssertRefused(reason);
    }

    [Fact]
    public void WrongPageSizeIsRefused()
    {
        using var file = new TempFile(new SnapshotBuilder { PageSize = 8192 }.Page(0x1000).Build());
        Inspect(file).AssertRefused("page size 8192");
    }

    [Theory]
    [InlineData(0x1008UL)]
    [InlineData(0x10_0000_0000_0000UL)]
    [InlineData(0xffff_ffff_ffff_f000UL)]
    public void ImpossiblePageAddressIsRefused(ulong gpa)
    {
        using var file = new TempFile(new SnapshotBuilder().Page(gpa).Build());
        Inspect(file).AssertRefused("is not a page-aligned 52-bit address");
    }

    [Fact]
    public void PageThatAppearsTwiceIsRefused()
    {
        using var file = new TempFile(new SnapshotBuilder().Page(0x1000).Page(0x2000).Page(0x1000).Build());
        Inspect(file).AssertRefused("page 0x1000 appears twice");
    }

    [Fact]
    public void CompressedFileOfAnotherKindIsRefused()
    {
        using var file = new TempFile(SnapshotBuilder.Gzip(new byte[100_000]));
        Inspect(file).AssertRefused("not a PTSNAP1 snapshot");
    }

    [Fact]
    public void RootsComeFromMetaJsonBesideTheFile()
    {
        using var file = new TempFile(Sound);
        file.AddSibling(
            "meta.json",
            """{"cpus":[{"CR0":"0x80010033","CR3":"0x1000","CR4":"0x20","EFER":"0xd00"}],"extra_roots":[{"cr3":"0x2000"}]}""");
        CommandRun run = CommandRun.Of("inspect", file.Path).AssertOk();
        Assert.Contains("roots, from meta.json:", run.Output, StringComparison.Ordinal);
        Assert.Contains("1  extra root  4-level     cr3=2000 cr0=80010033 cr4=20 efer=d00", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RegistersGivenReplaceThoseOfMetaJson()
    {
        using var file = new TempFile(Sound);
        file.AddSibling("meta.json", """{"cpus":[{"CR0":"0x80010033","CR3":"0x7000","CR4":"0x20","EFER":"0xd00"}]}""");
        CommandRun run = CommandRun.Of("inspect", file.Path, "--cr3", "0x1000").AssertOk();
        Assert.Contains("from the command line, registers not given there from cpu 0 of meta.json:", run.Output, StringComparison.Ordinal);
        Assert.Contains("cr3=1000 cr0=80010033 cr4=20 efer=d00", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void SnapshotWithoutRegistersIsRefused()
    {
        using var file = new TempFile(Sound);
        CommandRun.Of("inspect", file.Path).AssertRefused("no meta.json beside it; give --cr3, --cr4 and --efer");
        CommandRun.Of("inspect", file.Path, "--cr3", "1000").AssertRefused("give --cr3, --cr4 and --efer");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"cpus\":[]}")]
    [InlineData("{\"cpus\":[3]}")]
    [InlineData("{\"cpus\":[{\"CR0\":\"80010033\"}]}")]
    [InlineData("{\"cpus\":[{\"CR0\":\"0x1\",\"CR3\":\"0x1\",\"CR4\":\"0x1\",\"EFER\":\"0x10000000000000000\"}]}")]
    public void BrokenMetaJsonIsRefusedUnlessNothingIsNeededFromIt(string json)
    {
        using var file = new TempFile(Sound);
        file.AddSibling("meta.json", json);
        CommandRun.Of("inspect", file.Path).AssertRefused("meta.json");
        _ = Inspect(file).AssertOk();
    }

    private static CommandRun Inspect(TempFile file, params string[] more) => CommandRun.Of(["inspect", file.Path, .. _registers, .. more]);
}
