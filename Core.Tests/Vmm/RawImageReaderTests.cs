// Tests of the command: raw images, and files that are no image at all.
using System;
using System.IO;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class RawImageReaderTests
{
    private static readonly string[] _registers = ["--cr3", "0x101000", "--cr4", "0x20", "--efer", "0xd00"];

    [Fact]
    public void RawImageIsPlacedAtItsBase()
    {
        using var file = new TempFile(Image());
        CommandRun run = CommandRun.Of(["inspect", file.Path, "--base", "100000", .. _registers]).AssertOk();
        Assert.Contains("raw memory image, 20K of guest memory", run.Output, StringComparison.Ordinal);
        Assert.Contains("note: CR0 assumed 0x80010033", run.Output, StringComparison.Ordinal);
        Assert.Contains("0000000000000000-0000000000000fff       4K  urwx  4K", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RootOutsideTheImageIsReportedNotRefused()
    {
        using var file = new TempFile(Image());
        CommandRun run = CommandRun.Of(["inspect", file.Path, .. _registers]).AssertOk();
        Assert.Contains("tables not in the image: 1, first at 101000", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void LastPartialPageIsLeftOut()
    {
        using var file = new TempFile([.. Image(), 1, 2, 3]);
        CommandRun run = CommandRun.Of(["inspect", file.Path, .. _registers]).AssertOk();
        Assert.Contains("note: the last 3 bytes are less than a page and are left out", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RawImageNeedsRegisters()
    {
        using var file = new TempFile(Image());
        CommandRun.Of("inspect", file.Path).AssertRefused("neither a PTSNAP1 snapshot nor an ELF core");
        CommandRun.Of("inspect", file.Path, "--cr3", "1000", "--cr4", "20").AssertRefused("give --cr3, --cr4 and --efer");
    }

    [Theory]
    [InlineData("100")]
    [InlineData("ffffffffffffffff")]
    public void UnalignedBaseIsRefused(string start)
    {
        using var file = new TempFile(Image());
        CommandRun.Of(["inspect", file.Path, "--base", start, .. _registers]).AssertRefused($"--base 0x{start} is not a multiple of 4096");
    }

    [Theory]
    [InlineData("fffffffffffff000")]
    [InlineData("000ffffffffff000")]
    public void ImageBeyondPhysicalAddressesIsRefused(string start)
    {
        using var file = new TempFile(Image());
        CommandRun.Of(["inspect", file.Path, "--base", start, .. _registers]).AssertRefused("reach beyond 52-bit physical addresses");
    }

    [Fact]
    public void FileSmallerThanAPageIsRefused()
    {
        foreach (int length in (ReadOnlySpan<int>)[0, 1, 4095])
        {
            using var file = new TempFile(new byte[length]);
            CommandRun.Of(["inspect", file.Path, .. _registers]).AssertRefused($"{length} bytes are too few for a memory image");
        }
    }

    [Fact]
    public void BaseIsOnlyForRawImages()
    {
        using var file = new TempFile(new SnapshotBuilder().Page(0x101000).Build());
        CommandRun.Of(["inspect", file.Path, "--base", "0", .. _registers]).AssertRefused("--base places a raw image");
    }

    [Fact]
    public void MissingFileAndDirectoryAreRefused()
    {
        CommandRun.Of(["inspect", Path.Combine(Path.GetTempPath(), "no such file"), .. _registers]).AssertRefused("no such file");
        CommandRun.Of(["inspect", Path.GetTempPath(), .. _registers]).AssertRefused("is a directory");
        CommandRun.Of(["inspect", "bad\0name", .. _registers]).AssertRefused("mmu: ");
    }

    // Five pages whose tables lie at 101000–104fff when the image is placed at 100000.
    private static byte[] Image()
    {
        var image = new byte[5 * 4096];
        ReadOnlySpan<ulong> entries = [0x102007, 0x103007, 0x104007, 0x105067];
        for (int i = 0; i < entries.Length; i++)
        {
            BitConverter.TryWriteBytes(image.AsSpan((i + 1) * 4096), entries[i]);
        }

        return image;
    }
}
